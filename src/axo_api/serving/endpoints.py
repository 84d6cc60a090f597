"""`/v1/chat/completions` and `/v1/completions`: trying what was trained."""

from functools import partial
from typing import Any, TypeVar

from fastapi import APIRouter, Request, Response

from axo_api.answers import refused_with
from axo_api.callers import Caller
from axo_api.dependencies import Asking, Axo, Parts
from axo_api.event_streams import event_stream
from axo_api.json_body import TakesJson
from axo_api.serving import service
from axo_api.serving.chat import ChatFace
from axo_api.serving.faces import Face
from axo_api.serving.requests import ChatRequest, CompletionRequest
from axo_api.serving.requests import Request as AnyRequest
from axo_api.serving.responses import ChatCompletion, TextCompletion
from axo_api.serving.texts import TextFace

router = APIRouter(prefix="/v1", tags=["models"], route_class=TakesJson)

W = TypeVar("W")
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The answers; with `stream`, chunks of them.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    },
    **refused_with(404, 409),
}


@router.post("/chat/completions", response_model=ChatCompletion, responses=ANSWERS, summary="Chat with a model")
async def chat(wanted: ChatRequest, request: Request, axo: Axo, caller: Asking) -> ChatCompletion | Response:
    """Have a result, a checkpoint or a base model go on with a conversation. Nothing of it is kept.

    The model is loaded when it is first asked, which takes its time; results of one base model share it.
    """
    face = ChatFace(wanted.model, has_logprobs=bool(wanted.logprobs))
    return await _answered(axo, caller, wanted, face, request)


@router.post("/completions", response_model=TextCompletion, responses=ANSWERS, summary="Have a model go on with a text")
async def complete(wanted: CompletionRequest, request: Request, axo: Axo, caller: Asking) -> TextCompletion | Response:
    """Have a result, a checkpoint or a base model go on with texts, as they are: no chat template is applied."""
    face = TextFace(wanted.model, has_logprobs=wanted.logprobs is not None)
    return await _answered(axo, caller, wanted, face, request)


async def _answered(axo: Parts, caller: Caller, wanted: AnyRequest, face: Face[W], request: Request) -> W | Response:
    events = await service.begin(axo, wanted, caller)
    if not wanted.stream:
        return await service.whole(events, face, request)
    early, rest = await service.opened(events, face)
    request_id = request.scope.get("axo.request_id")
    chunks = service.chunks(early, rest, face, tells_usage=wanted.tells_usage, request_id=request_id)
    return event_stream(chunks, partial(axo.keys.still_accepts, caller), axo.hub.closing)
