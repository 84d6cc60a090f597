"""The lease on a job: at most one attempt holds it, and an older attempt never gets it back. All its Lua is here."""

import secrets
from enum import StrEnum

from redis import Redis

from axo_contracts import redis_names
from axo_worker.guard import boot_clock

_CLAIM = """
local attempt, token = tonumber(ARGV[1]), ARGV[2]
if redis.call('GET', KEYS[1]) == token then return 'ok' end
if attempt < tonumber(redis.call('HGET', KEYS[2], 'min') or 0) then return 'fenced' end
if attempt <= tonumber(redis.call('HGET', KEYS[2], 'claimed') or 0) then return 'claimed' end
if redis.call('EXISTS', KEYS[1]) == 1 then return 'held' end
redis.call('SET', KEYS[1], token, 'PX', ARGV[3])
redis.call('HSET', KEYS[2], 'claimed', attempt)
redis.call('EXPIRE', KEYS[2], ARGV[4])
return 'ok'
"""

# A lease that is gone is taken again: Redis may have been wiped. So is one of an older attempt, from an old snapshot.
# A Redis that is full, or can't write to its disk, takes nobody else's claim either: the job stays whose it is. Any
# other refusal is an error: it may come from a server that is no longer the master.
_RENEW = """
local attempt, token = tonumber(ARGV[1]), ARGV[2]
local claimed = tonumber(redis.call('HGET', KEYS[2], 'claimed') or 0)
if attempt < tonumber(redis.call('HGET', KEYS[2], 'min') or 0) or attempt < claimed then return 0 end
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= token and tonumber(string.match(holder, '^%d+')) >= attempt then return 0 end
local written
if holder == token then
  written = redis.pcall('PEXPIRE', KEYS[1], ARGV[3])
else
  written = redis.pcall('SET', KEYS[1], token, 'PX', ARGV[3])
end
if type(written) == 'table' and written.err then
  return (string.find(written.err, '^OOM') or string.find(written.err, '^MISCONF')) and 1 or written
end
if claimed < attempt then redis.call('HSET', KEYS[2], 'claimed', attempt) end
redis.call('EXPIRE', KEYS[2], ARGV[4])
return 1
"""

_RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


class Claim(StrEnum):
    """Redis's answer to a claim."""

    OK = "ok"
    FENCED = "fenced"  # the control plane has given this attempt up
    CLAIMED = "claimed"  # this attempt, or a newer one, has run already: the order came twice
    HELD = "held"  # another's lease lives


class Lease:
    """One attempt's lease on its job. Every method raises `redis.RedisError` when Redis can't be asked."""

    def __init__(self, redis: Redis, *, job_id: str, attempt: int, token: str, seconds: float) -> None:
        self._redis = redis
        self._keys = [redis_names.lease(job_id), redis_names.fence(job_id)]
        self._attempt = attempt
        self._milliseconds = int(seconds * 1000)
        self._safe_until = 0.0
        self.token = token
        self.seconds = seconds

    @property
    def safe_seconds(self) -> float:
        """How long the run may go on without another renewal. Negative when it had to end already."""
        return self._safe_until - boot_clock()

    def claim(self) -> Claim:
        """Take the lease, once for each attempt. Asking again after a lost reply is safe."""
        asked_at = boot_clock()
        answer = Claim(_text(self._redis.eval(_CLAIM, 2, *self._keys, *self._arguments())))
        if answer is Claim.OK:
            self._safe_until = asked_at + self.seconds * redis_names.SAFE_SHARE_OF_LEASE
        return answer

    def renew(self) -> bool:
        """Prolong the lease from now. Return False when the job is another's, for good."""
        asked_at = boot_clock()
        renewed = bool(self._redis.eval(_RENEW, 2, *self._keys, *self._arguments()))
        if renewed:
            self._safe_until = asked_at + self.seconds * redis_names.SAFE_SHARE_OF_LEASE
        return renewed

    def release(self) -> None:
        """Give the lease back, if it is still ours."""
        self._redis.eval(_RELEASE, 1, self._keys[0], self.token)

    def _arguments(self) -> list[str]:
        return [str(self._attempt), self.token, str(self._milliseconds), str(redis_names.FENCE_SECONDS)]


def new_token(*, attempt: int, worker_id: str, boot_id: str) -> str:
    """Return the name under which one attempt holds its lease."""
    return f"{attempt}:{worker_id}:{boot_id}:{secrets.token_hex(4)}"


def release_token(redis: Redis, job_id: str, token: str) -> None:
    """Give a lease back for a run that can't do so itself any more."""
    redis.eval(_RELEASE, 1, redis_names.lease(job_id), token)


def is_superseded(redis: Redis, job_id: str, attempt: int) -> bool:
    """Return whether the control plane has given `attempt` up, or a newer one has run."""
    lowest, claimed = redis.hmget(redis_names.fence(job_id), ["min", "claimed"])
    return attempt < max(int(lowest or 0), int(claimed or 0))


def _text(answer: object) -> str:
    return answer.decode() if isinstance(answer, bytes) else str(answer)
