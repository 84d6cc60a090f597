"""A whole service, each process of it a test's own: Redis, an API and two workers, with links to Redis that break."""

import contextlib
import os
import signal
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import psutil
import psycopg
from redis import Redis
from tests.faults.durable_redis import DurableRedis
from tests.faults.link import Link
from tests.faults.part import Part
from tests.marked import MARK, environment_of, marked, runs
from tests.stack.client import ServiceClient, wait_for
from tests.stack.embedded import TRAINERS

from axo_cli.demo.stack import free_port

PROGRAMS = Path(__file__).parent / "programs"
LEASE_SECONDS = 4.0
GRACE_SECONDS = 3.0


class Worker(Part):
    """One worker host, with its own link to Redis."""

    def __init__(self, folder: Path, name: str, redis: DurableRedis, environment: dict[str, str]) -> None:
        self.id = name
        self.home = folder / name
        self.link = Link(folder / f"{name}.sock", redis.socket)
        settings = {"AXO_REDIS_URL": self.link.url, "AXO_WORKER_ID": name, "AXO_WORKER_HOME": str(self.home)}
        super().__init__(
            [sys.executable, "-m", "axo_worker"],
            {**environment, **settings},
            folder.parent / f"{folder.name}-{name}.log",
        )

    def service_processes(self) -> list[psutil.Process]:
        """Return its agent, slot and, while it has a run, the horse; not the trainer's tree."""
        return [process for process in self.tree() if "AXO_RUN" not in environment_of(process)]


class Cluster(ServiceClient):
    """Everything of it lies in `folder`, whose path must be short: sockets are in it."""

    def __init__(self, folder: Path, **settings: str) -> None:
        super().__init__(free_port(), folder / "models" / "obeys_the_control_file")
        self.folder = folder
        self.mark = f"{folder.name}-{os.getpid()}"
        self.stamps = folder / "stamps.txt"
        self.storage = folder / "storage"
        self.database = folder / "database" / "axo.db"
        self.lease_seconds = float(settings.get("AXO_LEASE_SECONDS", LEASE_SECONDS))
        for path in (self.storage, self.database.parent, folder / "models", folder / "redis"):
            path.mkdir()
        environment = {**self._settings(), **settings}
        self.redis = DurableRedis(folder / "redis", environment)
        self.api_link = Link(folder / "api.sock", self.redis.socket)
        api_settings = {"AXO_REDIS_URL": self.api_link.url, "AXO_DATABASE_URL": f"sqlite:///{self.database}"}
        api_output = folder.parent / f"{folder.name}-api.log"
        self.api = Part([sys.executable, "-m", "axo_api"], {**api_settings, **environment}, api_output)
        self.workers = [Worker(folder, f"worker-{number}", self.redis, environment) for number in (1, 2)]

    @property
    def parts(self) -> list[Part]:
        return [self.redis, self.api, *self.workers]

    @property
    def worker_homes(self) -> list[Path]:
        return [worker.home for worker in self.workers]

    def start(self) -> None:
        """Start what does not run, thaw what is frozen and mend what is cut; return when the service is ready."""
        for link in (self.api_link, *(worker.link for worker in self.workers)):
            link.mend()
        for part in self.parts:
            part.thaw()
            part.start()
        wait_for(self._is_ready, lambda: f"the cluster to be ready; it said:\n{self.said()[-6000:]}", 120)

    def said(self) -> str:
        return "\n".join(f"--- {' '.join(part.command[-2:])}\n{part.said()[-3000:]}" for part in self.parts)

    def spec(self, *, max_steps: int = 40, trainer: str = "obeys_the_control_file", **fields: Any) -> dict[str, Any]:
        spec = super().spec(max_steps=max_steps, **{"base_model": self.model_for(trainer), **fields})
        spec["hyperparameters"] = {"max_steps": max_steps, "save_steps": 5, **fields.get("hyperparameters", {})}
        return spec

    def run(self, steps: int = 3, **fields: Any) -> str:
        """Submit a job and return its id once it has made some steps."""
        job_id = self.submit(**{"max_steps": 100_000, **fields})
        self.wait_for_step(job_id, steps)
        return job_id

    def worker_of(self, job_id: str) -> Worker:
        """Return the worker that has, or had, the job's newest attempt."""
        name = self.job(job_id)["worker"]
        return next(worker for worker in self.workers if worker.id == name)

    def process_of(self, job_id: str, part: str) -> psutil.Process:
        """Return a process of a job's run: agent, slot, horse, guard or launcher."""
        return wait_for(lambda: self._find(job_id, part), lambda: f"the {part} of {job_id}", 20)

    def processes(self) -> list[psutil.Process]:
        return marked(self.mark)

    def trainers(self) -> list[psutil.Process]:
        return runs(self.mark)

    def tree(self, job_id: str, attempt: int) -> list[psutil.Process]:
        """Return the living processes of one attempt, its guard included."""
        marker = f"{job_id}/{attempt}"
        return [process for process in self.trainers() if environment_of(process).get("AXO_RUN") == marker]

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the database behind the API's back."""
        url = self.api.environment["AXO_DATABASE_URL"]
        if url.startswith("postgresql"):
            with psycopg.connect(url.replace("+psycopg", "")) as session:
                return session.execute(query.replace("?", "%s").encode(), values).fetchall()
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10)) as connection:
            return connection.execute(query, values).fetchall()

    def broker(self) -> Redis:
        return self.redis.client()

    def close(self) -> None:
        """Leave nothing of it."""
        self.http.close()
        for part in self.parts:
            part.kill()
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):  # it went with one that was killed before it
                process.kill()
        for link in (self.api_link, *(worker.link for worker in self.workers)):
            link.close()

    def _settings(self) -> dict[str, str]:
        trainer = [sys.executable, str(TRAINERS / "trainer_of_the_model.py")]
        return {
            MARK: self.mark,
            "AXO_TEST_STAMPS": str(self.stamps),
            "AXO_TRAINER_COMMAND": msgspec.json.encode(trainer).decode(),
            "AXO_TRAINER_PYTHON": sys.executable,
            "AXO_TRAINER_PASS_ENV": f'["{MARK}", "AXO_TEST_STAMPS"]',
            "AXO_CPU_ONLY": "true",
            "AXO_STORAGE_ROOT": str(self.storage),
            "AXO_LEASE_SECONDS": str(LEASE_SECONDS),
            "AXO_STOP_GRACE_SECONDS": str(GRACE_SECONDS),
            "AXO_ALLOWED_ROOTS": '["/"]',
            "AXO_HUB__CHECK": "false",
            "AXO_PORT": str(self.port),
        }

    def _is_ready(self) -> bool:
        if not self.answers_ready():
            return False
        online = {worker["id"] for worker in self.http.get("/v1/workers").json()["data"] if worker["state"] == "online"}
        return {worker.id for worker in self.workers} <= online

    def _find(self, job_id: str, part: str) -> psutil.Process | None:
        try:
            return next(self._candidates(job_id, part), None)
        except (psutil.Error, RuntimeError):  # it went, or is not there yet
            return None

    def _candidates(self, job_id: str, part: str) -> Iterator[psutil.Process]:
        job = self.job(job_id)
        tree = self.tree(job_id, job["attempt"])
        guards = [process for process in tree if "guard.py" in " ".join(process.cmdline())]
        worker = self.worker_of(job_id)
        match part:
            case "agent":
                yield worker.tree()[0]
            case "slot":
                yield from (parent for guard in guards for parent in guard.parents()[1:2])
            case "horse":
                yield from (parent for guard in guards for parent in guard.parents()[:1])
            case "guard":
                yield from guards
            case "launcher":
                yield from (child for guard in guards for child in guard.children())


def freeze(processes: list[psutil.Process]) -> None:
    for process in processes:
        process.send_signal(signal.SIGSTOP)


def thaw(processes: list[psutil.Process]) -> None:
    for process in processes:
        if process.is_running():
            process.send_signal(signal.SIGCONT)
