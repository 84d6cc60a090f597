"""How the worker connects to Redis: patient with a short outage, never waiting without end unless it is asked to."""

from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

OUTAGE = (RedisConnectionError, RedisTimeoutError)


def connect(url: str, *, retries: int = 6, reply_seconds: float | None = 10.0) -> Redis:
    """Return a client that tries each command again up to `retries` times, about 3 s in all for 6.

    `reply_seconds=None` waits for a reply without end: for blocking reads only. A command may run twice when its reply
    got lost, so each one that we send bears it.
    """
    return Redis.from_url(
        url,
        retry=Retry(ExponentialBackoff(cap=2.0, base=0.05), retries),
        retry_on_error=list(OUTAGE),
        socket_connect_timeout=5.0,
        socket_timeout=reply_seconds,
        health_check_interval=30,
    )
