"""Answering a completion, whole or as a stream."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, TypeVar

import msgspec
from fastapi import Request as HttpRequest
from redis.exceptions import RedisError

from axo_api.callers import Caller
from axo_api.dependencies import Parts
from axo_api.errors import ApiError, Unavailable, envelope
from axo_api.models.weights import Weights
from axo_api.serving.asking import ask
from axo_api.serving.faces import Answer, Face
from axo_api.serving.finding import find_weights
from axo_api.serving.placing import find_worker
from axo_api.serving.refusals import refusal_of
from axo_api.serving.requests import Request
from axo_api.serving.responses import Usage
from axo_contracts.completions import Completion, Done, Event, Failed, Piece, Working

STATUS_SECONDS = 3.0  # a stream's status waits so long for a refusal; then it is 200, and a refusal an event

Events = AsyncGenerator[Event, None]
W = TypeVar("W")


async def begin(axo: Parts, wanted: Request, caller: Caller) -> Events:
    """Return the events of a completion, of which the first is asked for when it is read.

    Raises `ModelNotFound`, and `Unavailable` without a worker that serves.
    """
    weights = await find_weights(axo, wanted.model, caller)
    completion = _completion(wanted, weights, axo.settings.completions.seconds)
    try:
        worker_id = await find_worker(axo.redis, completion)
    except RedisError as error:
        raise Unavailable("Redis does not answer, so no worker can be seen. Try again shortly.") from error
    return ask(axo.waiting, worker_id, completion, first_word_seconds=axo.settings.completions.first_word_seconds)


async def whole(events: Events, face: Face[W], request: HttpRequest) -> W:
    """Return all answers. Raises the refusal where there are none; nothing is written on for a client that has gone."""
    answers: dict[int, Answer] = {}
    async with aclosing(events):
        async for event in events:
            match event:
                case Working() if await request.is_disconnected():
                    break
                case Piece(index=index):
                    answers.setdefault(index, Answer(index)).add(event)
                case Failed():
                    raise refusal_of(event, asked_in=face.asked_in)
                case Done():
                    usage = Usage.of(event.prompt_tokens, event.completion_tokens)
                    return face.whole([answers[index] for index in sorted(answers)], usage)
    raise Unavailable("The client has gone before the answer was there.")


async def opened(events: Events, face: Face[Any]) -> tuple[list[Event], Events]:
    """Return the events that came in the first moment, and those to come. Raises the refusal, if one was among them."""
    early: list[Event] = []
    give_up_at = time.monotonic() + STATUS_SECONDS
    async for event in events:
        early.append(event)
        if isinstance(event, Failed):
            await events.aclose()
            raise refusal_of(event, asked_in=face.asked_in)
        if not isinstance(event, Working) or time.monotonic() > give_up_at:
            break
    return early, events


async def chunks(
    early: list[Event], events: Events, face: Face[Any], *, tells_usage: bool, request_id: str | None
) -> AsyncGenerator[bytes, None]:
    """Yield a completion as server-sent events. While the model is loaded, comments keep the connection open."""
    usage: dict[str, None] = {"usage": None} if tells_usage else {}
    try:
        async with aclosing(_joined(early, events)) as joined:
            async for event in joined:
                match event:
                    case Working(phase=phase):
                        yield f": {phase}\n\n".encode()
                    case Piece():
                        yield _data(face.chunk(face.choices_of(event)) | usage)
                    case Failed():
                        raise refusal_of(event, asked_in=face.asked_in)
                    case Done() if tells_usage:
                        counted = Usage.of(event.prompt_tokens, event.completion_tokens)
                        yield _data(face.chunk([]) | {"usage": counted.model_dump()})
    except ApiError as error:
        yield _data(envelope(error, request_id))
    yield b"data: [DONE]\n\n"


async def _joined(early: list[Event], events: Events) -> Events:
    async with aclosing(events):
        for event in early:
            yield event
        async for event in events:
            yield event


def _completion(wanted: Request, weights: Weights, seconds: float) -> Completion:
    return Completion(
        name=wanted.model,
        base=weights.base,
        revision=weights.revision,
        is_stored=weights.is_stored,
        adapter=weights.adapter,
        messages=wanted.conversation(),
        prompts=wanted.prompts(),
        echo=wanted.echoes,
        sampling=wanted.sampling(),
        seconds=seconds,
    )


def _data(value: dict[str, Any]) -> bytes:
    return b"data: " + msgspec.json.encode(value) + b"\n\n"
