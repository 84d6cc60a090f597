"""Asking a run to stop: the key is the truth, the message on the channel of the same name is the speed."""

import logging
from enum import StrEnum

from redis.asyncio import Redis
from redis.exceptions import RedisError

from axo_contracts import redis_names
from axo_contracts.lifecycle import JobStatus

log = logging.getLogger(__name__)


class Ask(StrEnum):
    """What a run can be asked to do. Both leave a checkpoint."""

    CANCEL = "cancel"
    PAUSE = "pause"


ASKS: dict[JobStatus, Ask] = {JobStatus.CANCELLING: Ask.CANCEL, JobStatus.PAUSING: Ask.PAUSE}
"""What the run of a job in such a status is asked to do."""


async def ask_run(redis: Redis, job_id: str, attempt: int, ask: Ask) -> None:
    """Ask an attempt to stop. When Redis is away, the reconciler asks again after its return."""
    name, text = redis_names.control(job_id), f"{attempt}:{ask}"
    try:
        async with redis.pipeline(transaction=False) as pipeline:
            pipeline.set(name, text, ex=redis_names.CONTROL_SECONDS)
            pipeline.publish(name, text)
            await pipeline.execute()
    except RedisError as error:
        log.warning("could not ask %s to %s yet: %s", job_id, ask, error)
