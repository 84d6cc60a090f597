"""A slot: an RQ worker on this host's own queue, which runs one order at a time, each in a process of its own."""

import contextlib
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from types import FrameType

import structlog
from redis import RedisError
from redis.client import Pipeline
from rq import Queue, Worker
from rq.exceptions import StopRequested
from rq.executions import Execution
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker import WorkerStatus

from axo_contracts import redis_names
from axo_contracts.lifecycle import EndReason
from axo_observability import logs
from axo_observability.traces import tracer
from axo_worker.attempt import Host
from axo_worker.guard import become_subreaper, die_with_parent
from axo_worker.order_job import order_job
from axo_worker.redis_connection import connect
from axo_worker.run_job import run_job
from axo_worker.settings import Settings
from axo_worker.stop import StopRequest

_QUEUE_WAIT_SECONDS = 15  # RQ's wait for an order, after which it says that it lives
_RQ_SPARE_SECONDS = 15  # RQ waits for so much less than the time to live that it is given

log = structlog.get_logger()


def main(agent_pid: int, boot_id: str, number: int) -> None:
    """Take orders until asked to stop: SIGTERM after the current run, SIGINT as soon as it has a checkpoint."""
    die_with_parent(agent_pid)
    settings = Settings()
    logs.configure(settings.log_format, settings.log_level)
    traces = tracer(settings.otlp_endpoint, "axo-worker", worker=settings.worker_id)
    host = Host(settings, boot_id, StopRequest(), traces)
    slot = Slot(
        [redis_names.queue(settings.worker_id)],
        name=f"{settings.worker_id}.{boot_id}.{number}.{os.getpid()}",
        connection=connect(settings.redis_url),
        job_class=order_job(partial(run_job, host=host)),
        serializer=JSONSerializer,
        worker_ttl=_QUEUE_WAIT_SECONDS + _RQ_SPARE_SECONDS,
    )
    slot.preempt = partial(host.stop.ask, EndReason.PREEMPTED)
    slot.work(logging_level="WARNING")


class Slot(Worker):
    """RQ's worker, except that no outage of Redis ends a run, and no message over Redis kills one."""

    preempt: Callable[[], None]
    """Called in the process of a run that has to stop with a checkpoint."""

    def subscribe(self) -> None:
        """Listen to none of RQ's own commands: they kill without a checkpoint, and leave the job's lease."""

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        with contextlib.suppress(RedisError):
            super().heartbeat(timeout, pipeline)

    def maintain_heartbeats(self, job: Job, execution: Execution) -> None:
        with contextlib.suppress(RedisError):
            super().maintain_heartbeats(job, execution)

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        assert self.pid
        die_with_parent(self.pid)
        become_subreaper()
        super().main_work_horse(job, queue)

    def setup_work_horse_signals(self) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: self.preempt())

    def _install_signal_handlers(self) -> None:
        signal.signal(signal.SIGTERM, self._finish_and_leave)
        signal.signal(signal.SIGINT, self._stop_and_leave)

    def _finish_and_leave(self, number: int, frame: FrameType | None) -> None:
        self._stop_requested = True
        if not self.horse_pid and self.get_state() != WorkerStatus.BUSY:
            raise StopRequested

    def _stop_and_leave(self, number: int, frame: FrameType | None) -> None:
        if self.horse_pid:
            os.kill(self.horse_pid, signal.SIGTERM)
        self._finish_and_leave(number, frame)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
