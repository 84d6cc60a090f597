"""A thread that tells the control plane every few seconds that this worker lives, and how it is."""

import threading
from collections.abc import Callable

import msgspec
import structlog
from redis import Redis, RedisError

from axo_contracts import redis_names
from axo_contracts.resources import WorkerState

LIFETIME_SECONDS = 15.0  # of a heartbeat; a worker that was not heard of for so long is gone

log = structlog.get_logger()


class Heartbeat:
    """Beats from `start` to `close`. What it says is `state`, which may be replaced at any time by `tell`.

    `look` adds to it what is seen of the hardware at each beat.
    """

    def __init__(
        self, redis: Redis, state: WorkerState, seconds: float, look: Callable[[WorkerState], WorkerState]
    ) -> None:
        self._redis = redis
        self._seconds = seconds
        self._look = look
        self._changed = threading.Event()
        self._is_closed = False
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self.state = state

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def tell(self, state: WorkerState) -> None:
        """Say `state` from now on, beginning at once."""
        self.state = state
        self._changed.set()

    def close(self) -> None:
        """Stop, and say that this worker is gone."""
        self._is_closed = True
        self._changed.set()
        self._thread.join()
        try:
            farewell = redis_names.farewell(self.state.id)
            self._redis.set(farewell, self.state.boot_id, ex=redis_names.FAREWELL_SECONDS)
            self._redis.delete(redis_names.worker(self.state.id))
            self._redis.srem(redis_names.WORKERS, self.state.id)
        except RedisError as error:
            log.info("the heartbeat is left to run out", error=str(error))

    def _beat(self) -> None:
        while not self._is_closed:
            self._changed.clear()
            try:
                self._say(self._look(self.state))
            except RedisError as error:
                log.warning("heartbeat not sent", error=str(error))
            self._changed.wait(self._seconds)

    def _say(self, state: WorkerState) -> None:
        with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.sadd(redis_names.WORKERS, state.id)
            pipeline.set(redis_names.worker(state.id), msgspec.json.encode(state), px=int(LIFETIME_SECONDS * 1000))
            pipeline.execute()
