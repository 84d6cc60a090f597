"""What the control plane sees and decides of leases. The scripts run whole in Redis, so nothing comes between."""

from dataclasses import dataclass

from redis.asyncio import Redis

from axo_contracts import redis_names

LONGEST_LEASE_SECONDS = 60  # more is left of one only when the clock of Redis went back: it is cut to this

_OBSERVE = """
local attempt = tonumber(ARGV[1])
if tonumber(redis.call('HGET', KEYS[2], 'min') or '0') < attempt then
  redis.call('HSET', KEYS[2], 'min', attempt)
end
redis.call('EXPIRE', KEYS[2], ARGV[2])
local holder = redis.call('GET', KEYS[1])
local claimed = tonumber(redis.call('HGET', KEYS[2], 'claimed') or '0')
local left, longest = redis.call('PTTL', KEYS[1]), tonumber(ARGV[3])
if left > longest then
  left = longest
  redis.call('PEXPIRE', KEYS[1], left)
end
return {holder or '', claimed, left}
"""

_REVOKE = """
local attempt = tonumber(ARGV[1])
local holder = redis.call('GET', KEYS[1])
if holder and tonumber(string.match(holder, '^%d+')) == attempt then return 0 end
if tonumber(redis.call('HGET', KEYS[2], 'min') or '0') <= attempt then
  redis.call('HSET', KEYS[2], 'min', attempt + 1)
end
redis.call('EXPIRE', KEYS[2], ARGV[2])
return 1
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """How an attempt stands in Redis."""

    is_held: bool  # its lease lives
    left_seconds: float  # that its lease lives without another renewal
    was_claimed: bool  # a worker took it, at some time


async def observe(redis: Redis, job_id: str, attempt: int) -> Standing:
    """Return how an attempt stands, and let no older one of its job run. Raises `redis.RedisError`."""
    keys = redis_names.lease(job_id), redis_names.fence(job_id)
    arguments = attempt, redis_names.FENCE_SECONDS, LONGEST_LEASE_SECONDS * 1000
    holder, claimed, left = await redis.eval(_OBSERVE, 2, *keys, *arguments)
    is_held = holder.startswith(b"%d:" % attempt)
    return Standing(is_held=is_held, left_seconds=left / 1000, was_claimed=claimed >= attempt)


async def revoke(redis: Redis, job_id: str, attempt: int) -> bool:
    """Let an attempt never run (again), unless its lease lives. Return whether that was done."""
    keys = redis_names.lease(job_id), redis_names.fence(job_id)
    return bool(await redis.eval(_REVOKE, 2, *keys, attempt, redis_names.FENCE_SECONDS))
