"""What the parts of one run share: its order, its lease, and the way of what it says to the control plane."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass

import structlog
from redis import Redis, RedisError

from axo_contracts.frames import AttemptEnded
from axo_contracts.orders import RunOrder
from axo_observability.traces import Tracer
from axo_worker.control import ControlKey, listen
from axo_worker.diagnosis import Diagnosis
from axo_worker.frames import FrameWriter
from axo_worker.keeper import LeaseKeeper
from axo_worker.lease import Claim, Lease, new_token
from axo_worker.redis_connection import connect
from axo_worker.run_folder import RunFolder, RunRecord
from axo_worker.sender import Sender
from axo_worker.settings import Settings
from axo_worker.spool import Spool
from axo_worker.stop import StopRequest
from axo_worker.supervise import Training

CLAIM_SECONDS = 60.0  # after which an order that can't be claimed is left to the control plane
LEAVING_SECONDS = 5.0  # for the last frames of a worker that was asked to leave; its next start sends what is left
_LOOK_SECONDS = 0.5

log = structlog.get_logger()


@dataclass(frozen=True)
class Host:
    """What a run knows of the worker that it runs on. `stop` is also set when the worker is asked to leave."""

    settings: Settings
    boot_id: str
    stop: StopRequest
    tracer: Tracer


@dataclass(frozen=True)
class Attempt:
    """One attempt of a job, holding its lease."""

    order: RunOrder
    host: Host
    keeper: LeaseKeeper
    lease: Lease
    runtime: RunFolder
    spool: Spool
    frames: FrameWriter
    sender: Sender

    def backlog_bytes(self) -> int:
        """Return how much of what the run said has not been sent."""
        return self.spool.backlog_bytes(self.sender.offset)

    def end(self, diagnosis: Diagnosis, training: Training) -> None:
        """Say how the attempt ended. Nothing of its process tree may live."""
        self.frames.send(
            lambda stamp: AttemptEnded(
                **stamp,
                reason=diagnosis.reason,
                message=diagnosis.message,
                exit_code=training.exit_code,
                signal=training.signal,
                log_tail=training.log_tail.lines(20),
            )
        )

    def wait_until_known(self) -> bool:
        """Wait until the control plane has all that was said. Return False when the worker has to leave before that."""
        leave_at: float | None = None
        while not self.host.stop.is_abandoned:
            self.frames.flush()
            if self.sender.wait_acknowledged(self.frames.next_seq - 1, _LOOK_SECONDS):
                return True
            if self.host.stop.is_leaving:
                leave_at = leave_at or time.monotonic() + LEAVING_SECONDS
                if time.monotonic() >= leave_at:
                    return False
        return True


def claim(order: RunOrder, host: Host, redis: Redis) -> Lease | None:
    """Take the job's lease for this attempt, or return None when it is not to be run here and now."""
    token = new_token(attempt=order.attempt, worker_id=host.settings.worker_id, boot_id=host.boot_id)
    lease = Lease(redis, job_id=order.job_id, attempt=order.attempt, token=token, seconds=order.lease_seconds)
    give_up_at = time.monotonic() + CLAIM_SECONDS
    while True:
        try:
            answer = lease.claim()
        except RedisError:
            if time.monotonic() >= give_up_at:
                raise
            time.sleep(_LOOK_SECONDS)
        else:
            log.info("claim", job_id=order.job_id, attempt=order.attempt, answer=answer)
            return lease if answer is Claim.OK else None


@contextlib.contextmanager
def hold(order: RunOrder, host: Host, redis: Redis, lease: Lease) -> Iterator[Attempt]:
    """Keep the lease, listen to the control plane and send frames while the attempt runs; tidy up when all is known."""
    control = ControlKey(redis, order.job_id, order.attempt)
    with LeaseKeeper(lease, control, host.stop) as keeper:
        listen(connect(host.settings.redis_url, retries=0, reply_seconds=None), control, host.stop)
        record = RunRecord(job_id=order.job_id, attempt=order.attempt, token=lease.token)
        runtime = RunFolder.create(host.settings.worker_home, record)
        spool = Spool(runtime.spool)
        sender = Sender(redis, spool, job_id=order.job_id, attempt=order.attempt)
        sender.start()
        attempt = Attempt(order, host, keeper, lease, runtime, spool, FrameWriter(spool, order.attempt), sender)
        yield attempt
        is_known = attempt.wait_until_known()
        sender.close()
    if is_known:
        with contextlib.suppress(RedisError):  # it runs out by itself as well
            lease.release()
        runtime.remove()
