"""Asking a run to stop: the key is the truth, the message on the channel of the same name is the speed."""

import asyncio
import logging
from enum import StrEnum

from redis.asyncio import Redis
from redis.exceptions import RedisError

from axo_contracts import redis_names
from axo_contracts.lifecycle import JobStatus

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 1.0  # who asked waits for so long; a stalled Redis is left to the reconciler


class Ask(StrEnum):
    """What a run can be asked to do. Both leave a checkpoint."""

    CANCEL = "cancel"
    PAUSE = "pause"


ASKS: dict[JobStatus, Ask] = {JobStatus.CANCELLING: Ask.CANCEL, JobStatus.PAUSING: Ask.PAUSE}
"""What the run of a job in such a status is asked to do."""


async def ask_run(redis: Redis, job_id: str, attempt: int, ask: Ask) -> None:
    """Ask an attempt to stop. When Redis is away, the reconciler asks again after its return."""
    name, text = redis_names.control(job_id), _text(attempt, ask)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS), redis.pipeline(transaction=False) as pipeline:
            pipeline.set(name, text, ex=redis_names.CONTROL_SECONDS)
            pipeline.publish(name, text)
            await pipeline.execute()
    except (RedisError, TimeoutError) as error:
        log.warning("could not ask %s to %s yet: %r", job_id, ask, error)


async def is_asked(redis: Redis, job_id: str, attempt: int, ask: Ask) -> bool:
    """Return whether Redis has it that this attempt is to stop. Raises `redis.RedisError`."""
    asked = await redis.get(redis_names.control(job_id))
    return bool(asked == _text(attempt, ask).encode())


def _text(attempt: int, ask: Ask) -> str:
    return f"{attempt}:{ask}"
