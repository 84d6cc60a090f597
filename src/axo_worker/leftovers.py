"""Ends what a dead process left: kills its trainer's tree, and delivers what the run had said, and that it was lost."""

import os
import signal
import threading
import time
from pathlib import Path

import structlog
from redis import Redis, RedisError

from axo_contracts.frames import AttemptEnded, type_of
from axo_contracts.lifecycle import ENDINGS, EndReason
from axo_worker.frames import FrameWriter
from axo_worker.lease import is_superseded, release_token
from axo_worker.run_folder import RunFolder, orphaned_runs
from axo_worker.sender import Sender
from axo_worker.spool import Spool

_LOOK_SECONDS = 1.0
_KILL_AGAIN_SECONDS = 0.05

log = structlog.get_logger()


class Leftovers:
    """Ends the runs below `home` whose process has died, each in a thread of its own until all it said is known."""

    def __init__(self, redis: Redis, home: Path) -> None:
        self._redis = redis
        self._home = home.absolute()

    def kill_all(self) -> None:
        """Kill every trainer process that an earlier worker with this home started."""
        _kill_marked(self._home)

    def end_orphaned_runs(self) -> None:
        """Take over each run whose process has died since the last call."""
        for runtime in orphaned_runs(self._home):
            log.warning(
                "ending a run that lost its process", job_id=runtime.record.job_id, attempt=runtime.record.attempt
            )
            _kill_marked(self._home, runtime.record.marker)
            threading.Thread(target=self._deliver, args=(runtime,), name="leftovers", daemon=True).start()

    def _deliver(self, runtime: RunFolder) -> None:
        record = runtime.record
        spool = Spool(runtime.spool)
        frames = FrameWriter(spool, record.attempt, next_seq=spool.count() + 1)
        if not _says_how_it_ended(spool):
            reason = EndReason.WORKER_LOST
            frames.send(lambda stamp: AttemptEnded(**stamp, reason=reason, message=ENDINGS[reason].sentence))
        sender = Sender(self._redis, spool, job_id=record.job_id, attempt=record.attempt)
        sender.start()
        while not sender.wait_acknowledged(frames.next_seq - 1, _LOOK_SECONDS):
            if self._is_superseded(runtime):
                break
        sender.close()
        self._release(runtime)
        runtime.remove()

    def _is_superseded(self, runtime: RunFolder) -> bool:
        try:
            return is_superseded(self._redis, runtime.record.job_id, runtime.record.attempt)
        except RedisError:
            return False

    def _release(self, runtime: RunFolder) -> None:
        try:
            release_token(self._redis, runtime.record.job_id, runtime.record.token)
        except RedisError as error:
            log.info("a lease is left to run out", job_id=runtime.record.job_id, error=str(error))


def _says_how_it_ended(spool: Spool) -> bool:
    last = spool.last_line()
    return bool(last) and type_of(last) == "attempt_ended"


def _kill_marked(home: Path, run: str | None = None) -> None:
    """Kill the processes of `run`, or of all runs, that belong to `home`, and return when none of them lives."""
    while pids := [pid for pid in _pids() if _is_marked(pid, str(home), run)]:
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(_KILL_AGAIN_SECONDS)


def _pids() -> list[int]:
    return [int(entry.name) for entry in os.scandir("/proc") if entry.name.isdigit()]


def _is_marked(pid: int, home: str, run: str | None) -> bool:
    try:
        lines = Path("/proc", str(pid), "environ").read_text(errors="replace").split("\0")
    except OSError:
        return False
    variables = dict(line.split("=", 1) for line in lines if line.startswith("AXO_") and "=" in line)
    return variables.get("AXO_WORKER_HOME") == home and "AXO_RUN" in variables and run in (None, variables["AXO_RUN"])
