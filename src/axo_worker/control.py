"""What the control plane asks a run to do: a key is the truth, a message on the channel of its name the nudge."""

import threading
import time

from redis import Redis, RedisError

from axo_contracts import redis_names
from axo_contracts.lifecycle import EndReason
from axo_worker.stop import StopRequest

_REASONS = {"cancel": EndReason.CANCELLED, "pause": EndReason.PAUSED}
_RECONNECT_SECONDS = 0.5


class ControlKey:
    """The key through which one attempt is told to stop."""

    def __init__(self, redis: Redis, job_id: str, attempt: int) -> None:
        self._redis = redis
        self.name = redis_names.control(job_id)
        self._attempt = attempt

    def read(self) -> EndReason | None:
        """Return why this attempt is asked to stop, or None. Raises `redis.RedisError`."""
        value = self._redis.get(self.name)
        return self.parse(value) if isinstance(value, bytes) else None

    def parse(self, text: bytes) -> EndReason | None:
        """Return what `{attempt}:{word}` asks of this attempt; a word for another attempt is none for us."""
        attempt, _, word = text.decode(errors="replace").partition(":")
        return _REASONS.get(word) if attempt == str(self._attempt) else None


def listen(redis: Redis, key: ControlKey, stop: StopRequest) -> None:
    """Start a thread that passes on what is said on the key's channel, for as long as this process lives.

    `redis` waits for replies without a time limit.
    """
    threading.Thread(target=_listen, args=(redis, key, stop), name="control", daemon=True).start()


def _listen(redis: Redis, key: ControlKey, stop: StopRequest) -> None:
    while True:
        try:
            with redis.pubsub(ignore_subscribe_messages=True) as pubsub:  # type: ignore[no-untyped-call]  # redis-py has no types here
                pubsub.subscribe(key.name)
                _pass_on(key.read(), stop)  # what was asked before we listened
                for message in pubsub.listen():
                    _pass_on(key.parse(message["data"]), stop)
        except RedisError:
            time.sleep(_RECONNECT_SECONDS)


def _pass_on(reason: EndReason | None, stop: StopRequest) -> None:
    if reason is not None:
        stop.ask(reason)
