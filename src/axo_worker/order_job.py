"""RQ's job, cut down to what axo uses: whoever can write to Redis still can't make a worker import anything."""

from collections.abc import Callable
from typing import Any

from rq.job import Job

from axo_contracts.orders import RUN_JOB


class ForbiddenFunction(Exception):
    """A job in our queue names a function other than ours."""


def order_job(run: Callable[..., None]) -> type[Job]:
    """Return a job class that calls `run` for the one function name that is allowed, and nothing for any other."""

    class OrderJob(Job):
        @property
        def func(self) -> Callable[..., None]:
            if self.func_name != RUN_JOB or self.instance is not None:
                raise ForbiddenFunction(f"{self.func_name} is not {RUN_JOB}")
            return run

        def restore(self, raw_data: Any) -> Any:
            """Read the job from Redis, but no name to import, address to call or job to start after it."""
            super().restore(raw_data)
            self._success_callback_name = self._failure_callback_name = self._stopped_callback_name = None
            self.webhooks = []
            self._dependency_ids = []
            self.retries_left = self.repeats_left = None

    return OrderJob
