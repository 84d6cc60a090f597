"""The worker's desk: takes the control plane's questions from Redis, and brings them the helper's answers."""

import threading
import time

import msgspec
import structlog
from redis import Redis, RedisError

from axo_contracts import redis_names
from axo_contracts.questions import Answer, Failed, PlanQuestion, Question, decode_question, encode
from axo_worker.helping.client import NotThere, ask
from axo_worker.helping.inputs import placed
from axo_worker.settings import Settings

MOST_AT_ONCE = 2  # of the helper's children, so that a job's start always finds one
_WAIT_SECONDS = 2
_TROUBLE_SECONDS = 1.0
_STARTING_SECONDS = 20.0  # that a question waits for a helper that is still importing
_SHORT_SECONDS = 15.0

log = structlog.get_logger()


class Desk:
    """Answers questions, `MOST_AT_ONCE` side by side, each in a thread of its own."""

    def __init__(self, settings: Settings, redis: Redis) -> None:
        self._settings = settings
        self._redis = redis
        self._free = threading.BoundedSemaphore(MOST_AT_ONCE)

    def take(self) -> None:
        """Begin to answer the next question; return when there was none for a moment, too."""
        if not self._free.acquire(timeout=_WAIT_SECONDS):
            return
        question_id = None
        try:
            question_id = self._next()
        except RedisError as error:
            log.info("questions can't be read", error=str(error))
            time.sleep(_TROUBLE_SECONDS)
        finally:
            if question_id is None:
                self._free.release()
        if question_id is not None:
            threading.Thread(target=self._answer, args=(question_id,), name="question", daemon=True).start()

    def _next(self) -> str | None:
        popped = self._redis.brpop([redis_names.questions(self._settings.worker_id)], timeout=_WAIT_SECONDS)
        return popped[1].decode() if popped and isinstance(popped[1], bytes) else None

    def _answer(self, question_id: str) -> None:
        try:
            written = self._redis.getdel(redis_names.question(question_id))
            if isinstance(written, bytes):  # else who asked has given up
                self._put(question_id, self._answer_to(written))
        except RedisError as error:
            log.info("an answer was not sent", error=str(error))
        finally:
            self._free.release()

    def _answer_to(self, written: bytes) -> Answer:
        try:
            question = decode_question(written)
            if not isinstance(question, PlanQuestion):
                return self._ask(question, _SHORT_SECONDS)
            with placed(question.inputs, self._settings.storage_root) as inputs:
                return self._ask(msgspec.structs.replace(question, inputs=inputs), question.seconds)
        except (msgspec.DecodeError, ValueError, OSError) as error:
            return Failed(message=f"The worker cannot read the question: {error}.")

    def _ask(self, question: Question, seconds: float) -> Answer:
        try:
            return ask(self._settings.worker_home, question, seconds=seconds, patience_seconds=_STARTING_SECONDS)
        except NotThere as error:
            return Failed(message=str(error))

    def _put(self, question_id: str, answer: Answer) -> None:
        name = redis_names.answer(question_id)
        with self._redis.pipeline() as pipeline:
            pipeline.rpush(name, encode(answer))
            pipeline.expire(name, redis_names.ANSWER_SECONDS)
            pipeline.execute()
