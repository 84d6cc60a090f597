"""Speaks for the runs of jobs as a worker does: frames over Redis, packed for 20 ms."""

import time
from collections.abc import Sequence
from typing import Any

from redis import Redis
from sqlalchemy import create_engine, update

from axo_api.clock import now
from axo_api.tables import jobs
from axo_contracts import redis_names
from axo_contracts.frames import Log, encode
from axo_contracts.lifecycle import JobStatus

TURN_SECONDS = 0.02
LEASE_MILLISECONDS = 60_000
_REST = " " + "." * 100  # of a line, so that it is as long as a trainer's


class Speaker:
    """The runs of some jobs that are on no worker. Each line says when it was written, as `at={nanoseconds}@`."""

    def __init__(self, redis_url: str, database_url: str, job_ids: Sequence[str]) -> None:
        self._redis = Redis.from_url(redis_url)
        self._seq = dict.fromkeys(job_ids, 0)
        engine = create_engine(database_url, connect_args={"timeout": 10})
        with engine.begin() as connection:
            running = {"status": JobStatus.RUNNING, "attempt": 1}
            connection.execute(update(jobs).where(jobs.c.id.in_(job_ids)).values(**running))
        engine.dispose()
        for job_id in job_ids:
            self._redis.set(redis_names.lease(job_id), "1:bench:boot:speaker", px=LEASE_MILLISECONDS)

    def speak(self, seconds: float, *, turns: int, lines: int) -> None:
        """Say `lines` lines for each job every `turns` turns of 20 ms, the jobs one after the other, for a while."""
        job_ids = list(self._seq)
        began = time.monotonic()
        for turn in range(int(seconds / TURN_SECONDS)):
            time.sleep(max(0.0, began + turn * TURN_SECONDS - time.monotonic()))
            pipeline = self._redis.pipeline(transaction=False)
            for job_id in job_ids[turn % turns :: turns]:
                pipeline.xadd(redis_names.FRAMES, self._entry(job_id, lines))
            pipeline.execute()

    def _entry(self, job_id: str, lines: int) -> dict[Any, Any]:
        first = self._seq[job_id] + 1
        self._seq[job_id] += lines
        text = f"at={time.monotonic_ns()}@{_REST}"
        frames = [encode(Log(attempt=1, seq=first + number, time=now(), text=text)) for number in range(lines)]
        return {"job": job_id, "attempt": 1, "first": first, "frames": b"\n".join(frames)}
