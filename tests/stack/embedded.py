"""A real `axo up`: its queue server, API and worker, with a stand-in or the real trainer, used over HTTP."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec
import psutil

from axo_cli.demo.stack import free_port

TRAINERS = Path(__file__).parent.parent / "trainers"
ENDED = {"succeeded", "failed", "cancelled"}
ROWS = [
    {"messages": [{"role": "user", "content": f"{n}?"}, {"role": "assistant", "content": f"{n}!"}]} for n in range(8)
]
T = TypeVar("T")


class EmbeddedStack:
    """One `axo up` and its home. What it starts carries a marker, so that none of it can hide."""

    def __init__(self, folder: Path, *, trainer: str | None = "obeys_the_control_file", **settings: str) -> None:
        self.home = folder / "home"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.http = httpx.Client(base_url=self.url, timeout=20)
        self.model = folder / "model"
        self.model.mkdir()
        (self.model / "config.json").write_text("{}")
        self._output = folder / "up.txt"
        self._marker = f"{folder.name}-{os.getpid()}-{self.port}"
        self._environment = {
            **os.environ,
            "AXO_TEST_STACK": self._marker,
            "AXO_TRAINER_PYTHON": os.environ.get("AXO_TRAINER_PYTHON", sys.executable),
            "AXO_LEASE_SECONDS": "6",
            "AXO_STOP_GRACE_SECONDS": "3",
            "AXO_HUB__CHECK": "false",
            **(
                {"AXO_TRAINER_COMMAND": _stand_in(trainer), "AXO_TRAINER_PASS_ENV": '["AXO_TEST_STACK"]'}
                if trainer
                else {}
            ),
            **settings,
        }
        self.process = self._spawn()

    def start_again(self) -> None:
        """Start `axo up` on the same home, after its end."""
        self.process.wait(30)
        self.process = self._spawn()
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        wait_for(lambda: self._answer("/readyz") == 200, lambda: f"the stack to be ready; it said:\n{self.said()}", 60)

    def said(self) -> str:
        return self._output.read_text()

    def upload(self, rows: list[dict[str, Any]] | None = None) -> str:
        content = "".join(json.dumps(row) + "\n" for row in rows or ROWS)
        answer = self.http.post("/v1/files", files={"file": ("rows.jsonl", content)}, data={"purpose": "fine-tune"})
        assert answer.status_code == 201, answer.text
        file_id: str = answer.json()["id"]
        return file_id

    def spec(self, *, max_steps: int = 40, **fields: Any) -> dict[str, Any]:
        return {
            "base_model": str(self.model),
            "datasets": [{"source": {"type": "file", "file_id": self.upload()}}],
            "hyperparameters": {"max_steps": max_steps},
            **fields,
        }

    def submit(self, spec: dict[str, Any] | None = None, **fields: Any) -> str:
        answer = self.http.post("/v1/jobs", json=spec or self.spec(**fields))
        assert answer.status_code == 201, answer.text
        job_id: str = answer.json()["id"]
        return job_id

    def job(self, job_id: str) -> dict[str, Any]:
        answer = self.http.get(f"/v1/jobs/{job_id}")
        assert answer.status_code == 200, answer.text
        job: dict[str, Any] = answer.json()
        return job

    def wait_for_status(self, job_id: str, *statuses: str, seconds: float = 30) -> dict[str, Any]:
        def reached() -> dict[str, Any] | None:
            try:
                job = self.job(job_id)
            except httpx.TransportError:
                return None
            return job if job["status"] in statuses else None

        return wait_for(reached, lambda: f"{job_id} to be {statuses}; it is {self.job(job_id)}", seconds)

    def wait_for_end(self, job_id: str, seconds: float = 60) -> dict[str, Any]:
        return self.wait_for_status(job_id, *ENDED, seconds=seconds)

    def wait_for_step(self, job_id: str, step: int, seconds: float = 60) -> None:
        def reached() -> bool:
            progress = self.job(job_id)["progress"]
            return progress is not None and progress["step"] >= step

        wait_for(reached, lambda: f"{job_id} to reach step {step}; it is {self.job(job_id)}", seconds)

    def stream(self, job_id: str) -> list[dict[str, Any]]:
        """Return all events of a job that has ended; the stream must end by itself."""
        with self.http.stream("GET", f"/v1/jobs/{job_id}/stream") as answer:
            assert answer.status_code == 200
            return [json.loads(line[6:]) for line in answer.iter_lines() if line.startswith("data: ")]

    def process_of(self, part: str) -> psutil.Process:
        """Return the process of a part: queue, api, agent, slot, horse, guard or launcher."""
        return wait_for(lambda: self._find(part), lambda: f"the process of the {part}", 20)

    def processes(self) -> list[psutil.Process]:
        """Return every living process of the stack, wherever it hangs in the process tree."""
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def trainers(self) -> list[psutil.Process]:
        """Return the living processes of all runs, guards included."""
        return [process for process in self.processes() if "AXO_RUN" in _environment_of(process)]

    def stop(self) -> None:
        """Stop the stack as Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(60) == 0, self.said()

    def close(self) -> None:
        self.http.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
        for process in self.processes():
            process.kill()

    def _spawn(self) -> subprocess.Popen[bytes]:
        options = ["--home", str(self.home), "--port", str(self.port), "--cpu"]
        with self._output.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "axo_cli", "up", *options],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self._environment,
                process_group=0,
            )

    def _answer(self, path: str) -> int | None:
        try:
            return self.http.get(path).status_code
        except httpx.TransportError:
            return None

    def _is_ours(self, process: psutil.Process) -> bool:
        return _environment_of(process).get("AXO_TEST_STACK") == self._marker

    def _find(self, part: str) -> psutil.Process | None:
        try:
            found = list(self._candidates(part))
        except (psutil.Error, StopIteration):
            return None
        return found[0] if found else None

    def _candidates(self, part: str) -> Iterator[psutil.Process]:
        sign = {"queue": "valkey-server", "api": "axo_api", "agent": "axo_worker", "guard": "guard.py"}
        match part:
            case "queue" | "api" | "agent":
                children = psutil.Process(self.process.pid).children()
                yield from (child for child in children if sign[part] in " ".join(child.cmdline()))
            case "slot":
                yield from next(self._candidates("agent")).children()
            case "horse":
                yield from next(self._candidates("slot")).children()
            case "guard":
                yield from (process for process in self.trainers() if sign[part] in " ".join(process.cmdline()))
            case "launcher":
                yield from next(self._candidates("guard")).children()


def wait_for(look: Callable[[], T | None], what: Callable[[], str], seconds: float) -> T:
    """Return what `look` returns, once that is true."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s for {what()}")
        time.sleep(0.02)
    return found


def _stand_in(trainer: str) -> str:
    return msgspec.json.encode([sys.executable, str(TRAINERS / f"{trainer}.py")]).decode()


def _environment_of(process: psutil.Process) -> dict[str, str]:
    try:
        return {} if process.status() == psutil.STATUS_ZOMBIE else process.environ()
    except psutil.Error:
        return {}
