"""What a completion's asker is told: events, numbered, in a stream of its own."""

from collections.abc import Sequence

import structlog
from redis import Redis, RedisError, ResponseError

from axo_contracts import redis_names
from axo_contracts.completions import EVENT_FIELD, Failed, FailureCode, Working, encode

log = structlog.get_logger()


class Reply:
    """One completion's way back. `is_wanted` until the asker is gone, or an event got lost."""

    def __init__(self, redis: Redis, completion_id: str) -> None:
        self._redis = redis
        self._key = redis_names.completion(completion_id)
        self._stream = redis_names.completion_events(completion_id)
        self._number = 0
        self._phase = "starting"
        self.is_wanted = True

    def look(self) -> bool:
        """Return whether the asker still waits, and show it that work goes on."""
        self.send([encode(Working(phase=self._phase))])
        try:
            self.is_wanted = self.is_wanted and bool(self._redis.exists(self._key))
        except RedisError as error:
            self._give_up(error)
        return self.is_wanted

    def turn_to(self, phase: str) -> None:
        """Have the signs of life say another phase."""
        self._phase = phase

    def fail(self, code: FailureCode, message: str) -> None:
        """Say that there is no answer, or no more of it."""
        self.send([encode(Failed(code=code, message=message))])

    def send(self, events: Sequence[bytes]) -> None:
        """Add events to the stream. One that Redis has taken twice is there once, by its number."""
        if not (self.is_wanted and events):
            return
        try:
            with self._redis.pipeline(transaction=False) as pipeline:
                for event in events:
                    self._number += 1
                    pipeline.xadd(self._stream, {EVENT_FIELD: event}, id=f"{self._number}-0", nomkstream=True)
                pipeline.expire(self._stream, redis_names.WRITTEN_SECONDS)
                results = pipeline.execute(raise_on_error=False)
            for result in results:
                if isinstance(result, Exception) and not _is_there_already(result):
                    raise result
            self.is_wanted = None not in results  # for the stream is gone, then
        except RedisError as error:
            self._give_up(error)

    def _give_up(self, error: RedisError) -> None:
        log.info("a completion cannot be told", error=str(error))
        self.is_wanted = False


def _is_there_already(error: Exception) -> bool:
    return isinstance(error, ResponseError) and "equal or smaller" in str(error)
