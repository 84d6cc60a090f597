"""Connections to Redis, with the limits of time and number that each use needs."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis as BlockingRedis
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.retry import Retry as BlockingRetry

from axo_api.errors import Unavailable

ANSWER_SECONDS = 5.0
MOST_COMMANDS = 100  # at once; those beyond take turns
MOST_WAITING = 400  # with its client's, each holds two descriptors, of which a process often has but 1024


class Waiting:
    """Redis for requests that wait in it, each with a connection of its own, so many at once as there are places."""

    def __init__(self, redis: Redis, places: int) -> None:
        self._redis = redis
        self._places = places
        self._taken = 0

    @contextmanager
    def place(self) -> Iterator[Redis]:
        """Lend Redis to one request that waits for no longer than `ANSWER_SECONDS` a command.

        Raises `Unavailable` when all places are taken.
        """
        if self._taken >= self._places:
            raise Unavailable(f"As many requests wait for workers as may ({self._places}). Ask again later.")
        self._taken += 1
        try:
            yield self._redis
        finally:
            self._taken -= 1

    async def aclose(self) -> None:
        """Close the connections."""
        await self._redis.aclose()


def for_commands(url: str) -> Redis:
    """Return a client for short commands: it gives up on a Redis that does not answer."""
    return _patient_for_a_moment(url, MOST_COMMANDS)


def for_waiting(url: str, places: int = MOST_WAITING) -> Waiting:
    """Return what lets requests wait in Redis, without a connection of those that everything else has."""
    return Waiting(_patient_for_a_moment(url, places), places)


def for_blocking_reads(url: str) -> Redis:
    """Return a client for reads that wait in Redis; a read's own limit says how long."""
    return Redis.from_url(
        url,
        socket_timeout=None,
        socket_connect_timeout=ANSWER_SECONDS,
        retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), retries=1),
    )


def for_rq(url: str) -> BlockingRedis:
    """Return the client that RQ uses, off the event loop. Every write that RQ makes with it may be made twice."""
    return BlockingRedis.from_url(
        url,
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
        retry=BlockingRetry(ExponentialBackoff(cap=0.5, base=0.05), retries=1),
    )


def _patient_for_a_moment(url: str, most: int) -> Redis:
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=most,
        timeout=ANSWER_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
        retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), retries=1),
    )
    return Redis.from_pool(pool)
