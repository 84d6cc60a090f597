"""Redis is away now and then; whatever is asked of it is asked again until it answers."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

T = TypeVar("T")
log = structlog.get_logger(__name__)

FIRST_SECONDS, LONGEST_SECONDS = 0.1, 5.0
ANSWER_SECONDS = 15.0  # longer than any read waits


def connect(url: str) -> Redis:
    """Return a client that says at once when Redis is away."""
    return Redis.from_url(
        url, socket_timeout=ANSWER_SECONDS, socket_connect_timeout=5.0, retry=Retry(NoBackoff(), retries=0)
    )


async def until_it_answers(ask: Callable[[], Awaitable[T]]) -> T:
    """Return what Redis answers, however long it is away. `ask` may be carried out more than once."""
    wait_seconds = FIRST_SECONDS
    while True:
        try:
            answer = await ask()
        except (RedisError, OSError) as error:
            if wait_seconds == FIRST_SECONDS:
                log.warning("Redis is away; what is to be told waits for it", error=type(error).__name__)
            await asyncio.sleep(wait_seconds)
            wait_seconds = min(LONGEST_SECONDS, 2 * wait_seconds)
        else:
            if wait_seconds != FIRST_SECONDS:
                log.info("Redis is here again")
            return answer
