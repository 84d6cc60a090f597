"""The gate in front of every route: who is asking, before anything of the request's body is read."""

from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as AsgiScope

from axo_api.artifacts.signed_urls import caller_by_url
from axo_api.callers import Caller
from axo_api.dependencies import Parts
from axo_api.errors import ApiError, on_api_error, on_database_error
from axo_api.keys.requirement import may_scrape
from axo_contracts.keys import Scope

OPEN = frozenset({"/healthz", "/readyz", "/docs", "/openapi.json", "/v1/signing-key"})
"""What is answered to everybody. Every other path needs a key, whether there is anything behind it or not."""

METRICS = "/metrics"
"""What a scraper is answered without a key, where the settings say so."""

READING = frozenset({"GET", "HEAD", "OPTIONS"})


class Gate:
    """ASGI middleware: puts the `Caller` into the scope as `axo.caller`, or answers 401, 403 or 503 itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in OPEN:
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        if scope["path"] == METRICS and may_scrape(request.headers, request.app.state.parts.settings):
            await self._app(scope, receive, send)
            return
        try:
            caller = scope["axo.caller"] = await _admitted(request)
        except ApiError as error:
            answer = await on_api_error(request, error)
        except DBAPIError as error:
            answer = await on_database_error(request, error)
        else:
            await self._app(scope, receive, _naming(caller, send))
            return
        await answer(scope, receive, send)


def scope_of(method: str) -> Scope:
    """Return what a request needs by its method alone; routes for admins ask for more themselves."""
    return Scope.READ if method in READING else Scope.TRAIN


async def _admitted(request: Request) -> Caller:
    parts: Parts = request.app.state.parts
    caller = caller_by_url(request, parts.signing_key) or await parts.keys.caller_of(request.headers)
    caller.require(scope_of(request.method), f"{request.method} {request.scope['path']}")
    return caller


def _naming(caller: Caller, send: Send) -> Send:
    """Return a `send` that adds the caller's organization to the answer, as OpenAI's service does."""

    async def send_with_organization(message: Message) -> None:
        if message["type"] == "http.response.start":
            name = (b"openai-organization", caller.organization.encode())
            message["headers"] = [*message.get("headers", ()), name]
        await send(message)

    return send_with_organization
