"""Events as the service tells them, put where it puts them."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from redis import Redis

from axo_contracts import redis_names
from axo_contracts.events import ID_FIELD

JOB = "ftjob-01m80ge5ve7tpqt82eht95qcd4"


class Teller:
    """Tells of jobs in a Redis of the test's own."""

    def __init__(self, url: str) -> None:
        self.redis = Redis.from_url(url)
        self._event = 0

    def moved(self, kind: str, status: str, message: str = "", **fields: Any) -> None:
        """Tell that a job has moved, as in `axo.job.started.v1`."""
        self._event += 1
        self.tell(f"axo.job.{kind}.v1", status=status, message=message, event=self._event, **fields)

    def progressed(self, step: int, loss: float | None, max_steps: int = 100, **fields: Any) -> None:
        """Tell that a job's run has come to `step`; a loss of None is NaN."""
        non_finite = {} if loss is not None else {"loss": "nan"}
        standing = {
            "attempt": 1, "time": datetime.now(UTC), "phase": "training", "step": step, "max_steps": max_steps,
            "loss": loss, "non_finite": non_finite, "steps_per_second": 2.0, "eta_seconds": (max_steps - step) / 2,
        }  # fmt: skip
        common = {"status": "running", "progress": standing, "event": None, "message": "", **fields}
        self.tell("axo.job.progress.v1", **common)
        self.tell("axo.metrics.progress.v1", values={"loss": loss}, non_finite=non_finite, **common)

    def begins(self, model: str, **fields: Any) -> None:
        """Tell that a job's training begins."""
        config = {"base_model": model, "method": "sft"}
        self.tell("axo.metrics.config.v1", status="running", message="", event=None, config=config, **fields)

    def tell(self, kind: str, job: str = JOB, name: str | None = "mine", owner: str = "alice", **fields: Any) -> None:
        event = {
            "type": kind, "time": datetime.now(UTC), "job": job, "owner": owner, "name": name, "progress": None,
            "attempt": 1, "reason": None, "links": {"job": f"/v1/jobs/{job}"}, **fields,
        }  # fmt: skip
        self.put(event)

    def worker_lost(self, worker: str) -> None:
        self.put(
            {
                "type": "axo.worker.lost.v1", "time": datetime.now(UTC), "name": worker, "worker": worker,
                "host": worker, "message": f"The worker {worker} is lost.", "links": {"workers": "/v1/workers"},
            }
        )  # fmt: skip

    def tell_all_again(self) -> None:
        """Tell everything once more, under new ids, as after a crash of the service."""
        entries: Any = self.redis.xrange(redis_names.EVENTS_LOG)
        for _, fields in entries:
            self.redis.xadd(redis_names.EVENTS_LOG, fields)

    def put(self, event: dict[str, Any]) -> None:
        """Put an event into the log, under an id that Redis makes. (Its `id` is its place, which is not read here.)"""
        text = msgspec.json.encode({"id": f"test-{self._event}-{event['time']}", **event})
        assert text.startswith(ID_FIELD)
        self.redis.xadd(redis_names.EVENTS_LOG, {"event": text})
