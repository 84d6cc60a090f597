"""A worker under test: a real agent with its slot, a queue to order from, and a recorder that keeps what it hears."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import psutil
from redis import Redis, RedisError
from rq import Queue
from rq.serializers import JSONSerializer
from tests.marked import of_run

from axo_contracts import redis_names
from axo_contracts.frames import AttemptEnded, RunFrame, decode_run_frame
from axo_contracts.ids import JOB, new_id
from axo_contracts.orders import RUN_JOB, RunOrder, order_to_json
from axo_contracts.resources import WorkerState

TRAINERS = Path(__file__).parent.parent / "trainers"
SOURCE = Path(__file__).parent.parent.parent / "src"
WORKER_ID = "gpu-host-1"


class Recorder(threading.Thread):
    """Takes frames from Redis as the control plane does: in order, without a gap, and acknowledges them."""

    def __init__(self, redis_url: str) -> None:
        super().__init__(daemon=True)
        self._redis = Redis.from_url(redis_url)
        self._is_closed = False
        self.is_paused = False
        self.lines: dict[tuple[str, int], list[bytes]] = defaultdict(list)
        self.received_at: dict[bytes, float] = {}
        self.repeats = 0

    def run(self) -> None:
        while not self._is_closed:
            try:
                if self.is_paused or not self._take():
                    time.sleep(0.001)
            except RedisError:
                time.sleep(0.05)

    def close(self) -> None:
        self._is_closed = True
        self.join()
        self._redis.close()

    def _take(self) -> bool:
        entries: Any = self._redis.xrange(redis_names.FRAMES, count=100)
        for entry_id, fields in entries:
            job, attempt, first, frames = (fields[name] for name in redis_names.FRAME_FIELDS)
            self._record(job.decode(), int(attempt), int(first), frames.split(b"\n"))
            self._redis.xdel(redis_names.FRAMES, entry_id)
        return bool(entries)

    def _record(self, job: str, attempt: int, first: int, frames: list[bytes]) -> None:
        known = self.lines[job, attempt]
        self.repeats += first <= len(known)
        if first <= len(known) + 1:
            known += frames[len(known) + 1 - first :]
        self._redis.set(redis_names.acknowledged(job, attempt), len(known), ex=redis_names.ACK_SECONDS)


class Rig:
    """One worker, its Redis and its folders."""

    def __init__(self, folder: Path, redis_url: str) -> None:
        self.redis_url = redis_url
        self.redis = Redis.from_url(redis_url)
        self.storage = folder / "storage"
        self.home = folder / "home"
        self.storage.mkdir()
        self.recorder = Recorder(redis_url)
        self.recorder.start()
        self.agent: subprocess.Popen[bytes] | None = None
        self._log = folder / "agent.log"

    def start(self, trainer: str, **settings: str) -> None:
        command = msgspec.json.encode([sys.executable, str(TRAINERS / f"{trainer}.py")]).decode()
        self.start_agent(AXO_TRAINER_COMMAND=command, **settings)

    def start_agent(self, **settings: str) -> None:
        environment = {
            **os.environ,
            "PYTHONPATH": str(SOURCE),
            "AXO_REDIS_URL": self.redis_url,
            "AXO_STORAGE_ROOT": str(self.storage),
            "AXO_WORKER_HOME": str(self.home),
            "AXO_WORKER_ID": WORKER_ID,
            "AXO_CPU_ONLY": "true",
            "AXO_TRAINER_HELPER": "false",  # it would import Axolotl beside each test's trainer
            "AXO_SERVING": "false",
            **settings,
        }
        if self.agent:
            self.agent.wait(30)
        with self._log.open("ab") as log:
            self.agent = subprocess.Popen(
                [sys.executable, "-m", "axo_worker"], env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def order(self, **fields: Any) -> RunOrder:
        config = {"adapter": "lora", "output_dir": "outputs", "max_steps": 1_000_000, **fields.pop("config", {})}
        order = RunOrder(**{"job_id": new_id(JOB), "attempt": 1, "config": config, **fields})
        self.enqueue(order)
        return order

    def enqueue(self, order: RunOrder, rq_id: str | None = None) -> None:
        queue = Queue(redis_names.queue(WORKER_ID), connection=self.redis, serializer=JSONSerializer)
        queue.enqueue(
            RUN_JOB,
            args=[order_to_json(order)],
            job_id=rq_id or f"{order.job_id}-{order.attempt}",
            job_timeout=-1,
            result_ttl=0,
            failure_ttl=60,
        )

    def ask(self, order: RunOrder, word: str) -> None:
        name = redis_names.control(order.job_id)
        self.redis.set(name, f"{order.attempt}:{word}", ex=redis_names.CONTROL_SECONDS)
        self.redis.publish(name, f"{order.attempt}:{word}")

    def frames(self, order: RunOrder) -> list[RunFrame]:
        return [decode_run_frame(line) for line in self.recorder.lines[order.job_id, order.attempt].copy()]

    def texts(self, order: RunOrder) -> list[str]:
        return [frame.text for frame in self.frames(order) if hasattr(frame, "text")]

    def ended(self, order: RunOrder) -> AttemptEnded | None:
        lines = self.recorder.lines[order.job_id, order.attempt]
        last = decode_run_frame(lines[-1]) if lines else None
        return last if isinstance(last, AttemptEnded) else None

    def wait_for_end(self, order: RunOrder, seconds: float = 60) -> AttemptEnded:
        return wait_for(lambda: self.ended(order), "the end of the run", seconds)

    def wait_for_training(self, order: RunOrder) -> None:
        wait_for(lambda: any("Training begins" in text for text in self.texts(order)), "training to begin")

    def state(self) -> WorkerState | None:
        value = self.redis.get(redis_names.worker(WORKER_ID))
        return msgspec.json.decode(value, type=WorkerState) if isinstance(value, bytes) else None

    def tree(self, order: RunOrder) -> list[psutil.Process]:
        """The living processes of an attempt, its guard included."""
        return of_run(f"{order.job_id}/{order.attempt}")

    def agent_process(self) -> psutil.Process:
        assert self.agent
        return psutil.Process(self.agent.pid)

    def process(self, part: str, order: RunOrder) -> psutil.Process:
        agent = self.agent_process()
        slot = agent.children()[0]
        guard = next(process for process in self.tree(order) if "guard.py" in " ".join(process.cmdline()))
        return {
            "agent": agent,
            "slot": slot,
            "horse": slot.children()[0],
            "guard": guard,
            "launcher": guard.children()[0],
        }[part]

    def wait_until_dead(self, order: RunOrder, seconds: float = 10) -> None:
        wait_for(lambda: not self.tree(order), f"the tree to die: {self.tree(order)}", seconds)

    def log(self) -> str:
        return self._log.read_text()

    def close(self) -> None:
        if self.agent and self.agent.poll() is None:
            self.agent.send_signal(signal.SIGKILL)
        if self.agent:
            self.agent.wait()
        self.recorder.close()
        self.redis.close()


T = TypeVar("T")


def wait_for(look: Callable[[], T | None], what: str, seconds: float = 40) -> T:
    """Return what `look` returns, once that is true."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.02)
    return found
