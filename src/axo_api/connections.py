"""Connections to Redis, with the time limits that each use needs."""

from redis import Redis as BlockingRedis
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.retry import Retry as BlockingRetry

ANSWER_SECONDS = 5.0


def for_commands(url: str) -> Redis:
    """Return a client for short commands: it gives up on a Redis that does not answer."""
    return Redis.from_url(
        url,
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
        retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), retries=1),
    )


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
