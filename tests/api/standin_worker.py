"""A worker's part over Redis, spoken word by word as a test says."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import msgspec
from redis import Redis, RedisError
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer
from tests.api.control_plane import LEASE_SECONDS
from tests.waiting import wait_for

from axo_contracts import redis_names
from axo_contracts.frames import (
    AttemptEnded,
    AttemptStarted,
    Checkpoint,
    Log,
    Metric,
    Phase,
    PhaseName,
    RunFrame,
    encode,
)
from axo_contracts.lifecycle import EndReason
from axo_contracts.orders import RunOrder, order_from_json
from axo_contracts.resources import Capabilities, Gpu, WorkerState
from axo_worker.lease import Claim, Lease, new_token

HEARTBEAT_SECONDS = 0.2
HEARTBEAT_LIVES_MILLISECONDS = 3000
RESEND_SECONDS = 0.3
MOMENT = datetime.now(UTC)


class Run:
    """One attempt that was claimed: what it has said, and the sending of it."""

    def __init__(self, redis: Redis, order: RunOrder, lease: Lease) -> None:
        self.order = order
        self.lease = lease
        self.lines: list[bytes] = []
        self._redis = redis
        self._is_kept = True
        self._renewing = threading.Lock()

    def renew(self) -> None:
        """Prolong the lease, unless it was let go."""
        with self._renewing:
            if self._is_kept:
                self.lease.renew()

    def let_go(self) -> None:
        """Let the lease run out."""
        with self._renewing:
            self._is_kept = False

    def release(self) -> None:
        """Give the lease back, and prolong it no more: a renewal would take it again."""
        self.let_go()
        self.lease.release()

    def starts(self) -> None:
        self.says(AttemptStarted(**self._numbers(), worker="gpu-host-1", gpus=self.order.gpus))

    def logs(self, count: int) -> None:
        for _ in range(count):
            self.says(Log(**self._numbers(), text=f"line {len(self.lines) + 1}"))

    def trains(self, step: int) -> None:
        values: dict[str, float | None] = {"loss": 1 / step}
        self.says(Metric(**self._numbers(), step=step, max_steps=1000, epoch=step / 1000, values=values))

    def turns_to(self, phase: PhaseName, *, max_steps: int | None = None) -> None:
        self.says(Phase(**self._numbers(), phase=phase, max_steps=max_steps))

    def loses_its_loss(self, step: int) -> None:
        lost = Metric(
            **self._numbers(), step=step, max_steps=1000, epoch=None, values={"loss": None}, non_finite={"loss": "nan"}
        )
        self.says(lost)

    def saves(self, step: int) -> None:
        self.says(Checkpoint(**self._numbers(), step=step, path=f"outputs/checkpoint-{step}", bytes=1))

    def ends(self, reason: EndReason = EndReason.COMPLETED, message: str = "") -> None:
        self.says(AttemptEnded(**self._numbers(), reason=reason, message=message, exit_code=0))

    def says(self, frame: RunFrame) -> None:
        """Put a frame into the spool."""
        self.lines.append(encode(frame))

    def send(self, first: int = 1, last: int | None = None) -> None:
        """Send the frames `first` to `last` in one entry, whatever was sent before."""
        lines = self.lines[first - 1 : last]
        self.send_entry({"first": first, "frames": b"\n".join(lines)})

    def send_entry(self, fields: dict[str, Any]) -> None:
        """Send an entry with the attempt's name on it, whatever is in it."""
        entry: dict[Any, Any] = {"job": self.order.job_id, "attempt": self.order.attempt, **fields}
        self._redis.xadd(redis_names.FRAMES, entry)

    def acknowledged(self) -> int:
        """Return the last frame that the control plane has on disk."""
        answer: Any = self._redis.get(redis_names.acknowledged(self.order.job_id, self.order.attempt))
        return int(answer or 0)

    def deliver(self, seconds: float = 20) -> None:
        """Send what is not acknowledged, again and again as a worker does, until all of it is."""
        sent_at = 0.0

        def look() -> bool:
            nonlocal sent_at
            try:
                acknowledged = self.acknowledged()
                if acknowledged < len(self.lines) and time.monotonic() - sent_at > RESEND_SECONDS:
                    sent_at = time.monotonic()
                    self.send(acknowledged + 1)
            except RedisError:
                return False
            return acknowledged >= len(self.lines)

        wait_for(look, f"{len(self.lines)} frames to be acknowledged", seconds)

    def finishes(self, reason: EndReason = EndReason.COMPLETED) -> None:
        """Say the end, wait until it is on disk, and give the lease back, as a work horse does."""
        self.ends(reason)
        self.deliver()
        self.release()

    def _numbers(self) -> dict[str, Any]:
        return {"attempt": self.order.attempt, "seq": len(self.lines) + 1, "time": MOMENT}


class StandInWorker:
    """A host whose heartbeat beats and whose leases are renewed, until it vanishes."""

    def __init__(self, redis_url: str, worker_id: str = "gpu-host-1", gpus: int = 0) -> None:
        self.id = worker_id
        self.redis = Redis.from_url(redis_url)
        self.state = worker_state(worker_id, gpus)
        self._runs: list[Run] = []
        self._vanished = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def start(self) -> None:
        """Beat once before anything is asked of it, where Redis answers; and then on."""
        self._beat_once()
        self._thread.start()

    def vanish(self) -> None:
        """Do nothing any more, without a word."""
        self._vanished.set()
        if self._thread.is_alive():
            self._thread.join()

    def take_order(self, seconds: float = 15) -> RunOrder:
        """Take the next order out of the queue, once there is one."""
        return wait_for(self.next_order, f"an order for {self.id}", seconds)

    def next_order(self) -> RunOrder | None:
        """Take the next order out of the queue, if there is one."""
        queue = Queue(redis_names.queue(self.id), connection=self.redis, serializer=JSONSerializer)
        rq_id: Any = self.redis.lpop(queue.key)
        if rq_id is None:
            return None
        return order_from_json(Job.fetch(rq_id.decode(), connection=self.redis, serializer=JSONSerializer).args[0])

    def claim(self, order: RunOrder) -> Run:
        """Claim an order and keep its lease alive."""
        run, answer = self.try_to_claim(order)
        assert answer is Claim.OK, answer
        self._runs.append(run)
        return run

    def try_to_claim(self, order: RunOrder) -> tuple[Run, Claim]:
        """Claim an order, and return the answer."""
        token = new_token(attempt=order.attempt, worker_id=self.id, boot_id=self.state.boot_id)
        lease = Lease(self.redis, job_id=order.job_id, attempt=order.attempt, token=token, seconds=LEASE_SECONDS)
        return Run(self.redis, order, lease), lease.claim()

    def run_next(self) -> Run:
        """Take the next order, claim it and start it."""
        run = self.claim(self.take_order())
        run.starts()
        run.deliver()
        return run

    def lose(self, run: Run) -> None:
        """Let a run's lease run out, as if its process was killed."""
        run.let_go()
        self._runs.remove(run)

    @contextmanager
    def listening_to(self, channel: str) -> Iterator[Callable[[], bytes]]:
        """Yield what waits for the next message on a channel and returns it."""
        subscription: Any = self.redis.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
        with subscription:
            subscription.subscribe(channel)
            subscription.get_message(timeout=5)
            yield lambda: bytes(
                wait_for(lambda: subscription.get_message(timeout=1), f"a message on {channel}")["data"]
            )

    def asked(self, job_id: str) -> bytes | None:
        """Return what the run of a job was asked to do."""
        answer: Any = self.redis.get(redis_names.control(job_id))
        return bytes(answer) if answer is not None else None

    def _beat(self) -> None:
        while not self._vanished.wait(HEARTBEAT_SECONDS):
            self._beat_once()
        self.redis.close()

    def _beat_once(self) -> None:
        with suppress(RedisError):
            self.redis.sadd(redis_names.WORKERS, self.id)
            self.redis.set(
                redis_names.worker(self.id), msgspec.json.encode(self.state), px=HEARTBEAT_LIVES_MILLISECONDS
            )
            for run in list(self._runs):
                run.renew()


@contextmanager
def online(redis_url: str) -> Iterator[StandInWorker]:
    """Yield a worker host without GPUs that is online."""
    worker = StandInWorker(redis_url)
    worker.start()
    yield worker
    worker.vanish()


def worker_state(worker_id: str, gpus: int = 0, state: str = "online", trouble: str | None = None) -> WorkerState:
    """Return the heartbeat of a host with `gpus` GPUs of 80 GiB."""
    cards = [
        Gpu(index=index, uuid=f"GPU-{index}", name="H100", memory_bytes=80 * 2**30, compute_capability=(9, 0))
        for index in range(gpus)
    ]
    return WorkerState(
        id=worker_id,
        boot_id="boot-1",
        host=worker_id,
        state="draining" if state == "draining" else "online",
        capabilities=Capabilities(gpus=tuple(cards), cpu_count=8, memory_bytes=2**36),
        version="0.1.0",
        started_at=1.0,
        trouble=trouble,
    )
