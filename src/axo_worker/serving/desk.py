"""The worker's serving desk: takes completions from Redis, one after the other, and passes on what the model writes."""

import contextlib
import math
import threading
import time
from typing import Any

import msgspec
import structlog
from redis import Redis, RedisError

from axo_contracts import redis_names
from axo_contracts.completions import (
    Begun,
    Done,
    Failed,
    ServingState,
    Working,
    decode_completion,
    decode_event,
    encode,
    written_for_program,
)
from axo_worker.serving.engine import Engine
from axo_worker.serving.model_process import Died, ModelProcess
from axo_worker.serving.reply import Reply
from axo_worker.serving.weights import FilesGone, placed
from axo_worker.settings import Settings

_WAIT_SECONDS = 1  # for the next completion, and between two looks at a running one's asker
_TROUBLE_SECONDS = 1.0
_HEEDS_SECONDS = 600.0  # how long a model may take to load or to read a prompt that nobody waits for any more

log = structlog.get_logger()


class Desk:
    """Gives the engine one completion at a time, in the order in which they came."""

    def __init__(self, settings: Settings, redis: Redis, leaving: threading.Event) -> None:
        self._settings = settings
        self._redis = redis
        self._leaving = leaving
        self._engine = Engine(settings)
        self._used_at = time.monotonic()

    def work(self) -> None:
        """Serve until asked to leave. Runs in one thread, with which the model's process would die."""
        while not self._leaving.is_set():
            self._say_what_is_held()
            try:
                completion_id = self._next()
                if completion_id is not None:
                    self._serve(completion_id)
            except RedisError as error:
                log.info("completions can't be read", error=str(error))
                self._leaving.wait(_TROUBLE_SECONDS)
            if self._engine.has_died or self._engine.is_wanted_back or self._is_idle():
                self._engine.end()
        self._engine.end()
        with contextlib.suppress(RedisError):  # it runs out by itself
            self._redis.delete(redis_names.serving(self._settings.worker_id))

    def _say_what_is_held(self) -> None:
        name = redis_names.serving(self._settings.worker_id)
        with contextlib.suppress(RedisError):
            self._redis.set(name, encode(self._engine.state), ex=redis_names.SERVING_SECONDS)

    def _next(self) -> str | None:
        popped = self._redis.brpop([redis_names.completions(self._settings.worker_id)], timeout=_WAIT_SECONDS)
        return popped[1].decode() if popped and isinstance(popped[1], bytes) else None

    def _is_idle(self) -> bool:
        return time.monotonic() - self._used_at > self._settings.serving_idle_seconds

    def _serve(self, completion_id: str) -> None:
        reply = Reply(self._redis, completion_id)
        written = self._redis.get(redis_names.completion(completion_id))
        if not isinstance(written, bytes) or not reply.look():
            return  # who asked has given up
        try:
            completion = decode_completion(written)
            asked = written_for_program(completion, placed(completion, self._settings.storage_root.absolute()))
        except FilesGone as error:
            reply.fail("model_not_found", str(error))
        except (msgspec.DecodeError, ValueError) as error:
            reply.fail("unavailable", f"The worker cannot read the request: {error}.")
        else:
            self._write(asked, ServingState(base=completion.base, revision=completion.revision), reply)
        self._used_at = time.monotonic()

    def _write(self, asked: dict[str, Any], base: ServingState, reply: Reply) -> None:
        """Have a completion written to its last event. A process that fails in it is ended: it may be in any state.

        After a failed assertion on a GPU, for one, it can compute nothing any more.
        """
        try:
            model = self._engine.model(base)
            model.ask(asked)
            last = self._follow(model, reply)
        except (Died, OSError, msgspec.DecodeError) as error:
            self._give_up(str(error))
            reply.fail("unavailable", f"The process that served the model {error}. Ask again: another is started.")
        else:
            if isinstance(last, Failed) and last.code == "generation_failed":
                self._give_up(last.message)

    def _give_up(self, reason: str) -> None:
        log.warning("the serving process is given up", reason=reason)
        self._engine.end()

    def _follow(self, model: ModelProcess, reply: Reply) -> Done | Failed:
        """Return the last event."""
        look_at, give_up_at = 0.0, math.inf
        while not (last := self._pass_on(model.events(_WAIT_SECONDS), reply)):
            if (now := time.monotonic()) >= look_at:
                look_at = now + _WAIT_SECONDS
                self._say_what_is_held()
                reply.look()
            if not reply.is_wanted and give_up_at == math.inf:
                model.cancel()
                give_up_at = now + _HEEDS_SECONDS
            if now > give_up_at:
                raise Died("did not heed that it is to stop")
            if self._leaving.is_set():
                raise Died("had to leave with its worker")
            if self._engine.is_wanted_back:
                raise Died("had to leave its GPU to a training")
        return last

    def _pass_on(self, lines: list[bytes], reply: Reply) -> Done | Failed | None:
        """Send events, and return the last if it was among them."""
        reply.send(lines)
        events = [decode_event(line) for line in lines]
        for event in events:
            match event:
                case Working(phase=phase):
                    reply.turn_to(phase)
                case Begun():
                    reply.turn_to("writing")
        return next((event for event in events if isinstance(event, Done | Failed)), None)
