"""Every refusal: the class is its name and code, the message says what, where and how to mend it."""

import contextlib
import errno
import logging
import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.exc import DataError, DBAPIError
from starlette.exceptions import HTTPException

from axo_contracts.strict import Strict

log = logging.getLogger(__name__)

MOST_PROBLEMS = 20  # told at once; each looks for what may have been meant
MOST_NAMED = 3  # in a sentence
OPENAI_PATHS = re.compile(r"/v1/(chat|completions|files|fine_tuning|models|uploads|webhook_endpoints)(/.*)?", re.DOTALL)
"""Where OpenAI's clients ask: what a client wrote wrongly is a 400 there, as they know it, and a 422 elsewhere."""


NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
"""The numbers of an `OSError` that says that the disk has no room."""

_CODES = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}


class ApiError(Exception):
    """Something that the client is told. `param` names the field that it concerns."""

    status = 500
    code = "internal_error"
    headers: dict[str, str] = {}  # noqa: RUF012 (a constant of the class)

    def __init__(self, message: str, *, param: str | None = None, errors: Sequence[dict[str, Any]] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.errors = errors


@contextlib.contextmanager
def inside(place: str) -> Iterator[None]:
    """Have what is refused in this block name its fields as those of the part of the body at `place`: `then.1`."""
    try:
        yield
    except ApiError as error:
        is_named = error.param is not None and error.message.startswith(error.param)
        error.message = f"{place}.{error.message}" if is_named else f"{place}: {error.message}"
        error.param = f"{place}.{error.param}" if error.param else place
        error.errors = [
            {**one, "param": f"{place}.{one['param']}", "message": f"{place}.{one['message']}"} for one in error.errors
        ]
        raise


class BadRequest(ApiError):
    """The request itself cannot be read."""

    status = 400
    code = "bad_request"


class NotFound(ApiError):
    """There is no such thing."""

    status = 404
    code = "not_found"


class Conflict(ApiError):
    """It is in a state that does not allow this. OpenAI's clients are told that to ask again will not help."""

    status = 409
    code = "conflict"
    headers = {"x-should-retry": "false"}  # noqa: RUF012 (a constant of the class)


class JustMoved(Conflict):
    """It changed at this very moment; to ask again helps."""

    headers = {"x-should-retry": "true"}  # noqa: RUF012 (a constant of the class)


class UnsatisfiableRange(ApiError):
    """The file has no such bytes."""

    status = 416
    code = "unsatisfiable_range"

    def __init__(self, size: int) -> None:
        super().__init__(f"Range: the file has {size} bytes, counted from 0; ask for some of these.", param="Range")
        self.headers = {"Content-Range": f"bytes */{size}"}


class Invalid(ApiError):
    """What the client wrote cannot be done."""

    status = 422
    code = "invalid_request"


class TooManyWaiting(ApiError):
    """As many jobs of the caller wait as may."""

    status = 429
    code = "rate_limit_exceeded"
    headers = {"Retry-After": "30"}  # noqa: RUF012 (a constant of the class)


class Unavailable(ApiError):
    """Something that is needed is away for the moment."""

    status = 503
    code = "unavailable"
    headers = {"Retry-After": "5"}  # noqa: RUF012 (a constant of the class)


class StorageFull(ApiError):
    """The disk has no room for it."""

    status = 507
    code = "storage_full"


def needed_by(what: str, jobs: Sequence[str]) -> str:
    """Return the sentence for a thing that cannot be deleted because of jobs, by their ids, that have not ended."""
    return f"{what} is needed by {first_of(jobs)}; delete it when that has ended."


def first_of(names: Sequence[str]) -> str:
    """Return the first of some names, as a sentence has them, and how many more there are."""
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


class ErrorBody(BaseModel):
    """What went wrong."""

    code: str
    message: str
    param: str | None = None
    type: str
    request_id: str | None = None
    errors: list[dict[str, Any]] | None = None


class ErrorEnvelope(BaseModel):
    """The body of every answer that is not a success: OpenAI's envelope with a request id."""

    error: ErrorBody


def install_error_handlers(app: FastAPI) -> None:
    """Make every error leave `app` in the one envelope."""
    app.add_exception_handler(ApiError, on_api_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(DBAPIError, on_database_error)
    app.add_exception_handler(Exception, _on_bug)


def envelope(error: ApiError, request_id: str | None) -> dict[str, Any]:
    """Return the body of an answer that is a refusal."""
    kind = "invalid_request_error" if error.status < 500 else "server_error"
    body: dict[str, Any] = {
        "code": error.code,
        "message": error.message,
        "param": error.param,
        "type": kind,
        "request_id": request_id,
    }
    if error.errors:
        body["errors"] = list(error.errors)
    return {"error": body}


def _envelope(request: Request, error: ApiError) -> JSONResponse:
    body = envelope(error, request.scope.get("axo.request_id"))
    status = 400 if error.status == 422 and OPENAI_PATHS.fullmatch(request.url.path) else error.status
    return JSONResponse(body, status_code=status, headers=error.headers)


async def on_api_error(request: Request, error: Exception) -> JSONResponse:
    """Answer with a refusal of ours."""
    assert isinstance(error, ApiError)
    return _envelope(request, error)


async def _on_http_exception(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    answer = ApiError(str(error.detail))
    answer.status = error.status_code
    answer.headers = dict(error.headers or {})
    answer.code = _CODES.get(error.status_code, "http_error")
    if error.status_code == 404 and error.detail == "Not Found":
        answer.message = f"There is no {request.method} {request.url.path}; /docs lists what there is."
    return _envelope(request, answer)


async def on_database_error(request: Request, error: Exception) -> JSONResponse:
    """Answer 503, or what else a database's error means for the client."""
    if isinstance(error, DataError):
        log.warning("the database takes no such value on %s %s: %s", request.method, request.url.path, error)
        return _envelope(request, Invalid("The request holds text that cannot be stored, such as a NUL character."))
    log.warning("database error on %s %s: %s", request.method, request.url.path, error)
    if "disk is full" in str(error) or "No space left" in str(error):
        return _envelope(request, StorageFull("The disk of the database is full; nothing was changed."))
    return _envelope(
        request,
        Unavailable(
            "The database does not answer. Try again shortly; with its Idempotency-Key, a create is done once."
        ),
    )


async def _on_bug(request: Request, error: Exception) -> JSONResponse:
    log.exception("%s: unhandled error on %s", request.scope["axo.request_id"], request.url.path, exc_info=error)
    answer = _envelope(request, ApiError("Something went wrong in axo; its log has it under this request id."))
    answer.headers["x-request-id"] = request.scope["axo.request_id"]  # it is sent from outside of our middleware
    return answer


async def _on_validation_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return _envelope(request, invalid_from_pydantic(error.errors(), error.body))


def invalid_from_pydantic(problems: Sequence[Any], body: Any) -> ApiError:
    """Return one refusal for all that pydantic found in `body`: each names the field, the value and the mend."""
    if problems and problems[0]["type"] == "json_invalid":
        position = problems[0]["loc"][-1]
        reason = problems[0].get("ctx", {}).get("error", "")
        return BadRequest(f"The body is not JSON: {reason} at character {position}.")
    own = [problem for problem in problems if not _follows_from_another(problem, problems)]
    errors = [_problem(problem, body) for problem in own[:MOST_PROBLEMS]]
    first = errors[0]
    more = f" (and {len(own) - 1} more: see errors)" if len(own) > 1 else ""
    return Invalid(f"{first['message']}{more}", param=first["param"], errors=errors)


def _follows_from_another(problem: Any, problems: Sequence[Any]) -> bool:
    """A list whose items were refused also counts as too short; only the items are the client's to mend."""
    place = problem["loc"]
    return problem["type"] == "too_short" and any(
        len(other["loc"]) > len(place) and other["loc"][: len(place)] == place for other in problems
    )


def _problem(problem: Any, body: Any) -> dict[str, Any]:
    where = ".".join(_path(problem["loc"], body, is_missing=problem["type"] == "missing")) or "body"
    value = _excerpt(problem.get("input"))
    match problem["type"]:
        case "missing":
            message = f"{where}: this field is required."
        case "extra_forbidden":
            message = f"{where}: there is no such field{_suggestion(str(problem['loc'][-1]))}"
        case "union_tag_invalid":
            context = problem["ctx"]
            where = f"{where}.{context['discriminator'].strip(chr(39))}"
            message = f"{where}: {context['tag']!r} is none of {context['expected_tags']}."
        case "union_tag_not_found":
            message = f"{where}: give {problem['ctx']['discriminator']} to say which kind it is."
        case "unknown_kind" if isinstance(body, dict):
            where, value = "kind", _excerpt(body.get("kind"))
            message = f"kind: {problem['msg']}; got {value}."
        case "unknown_kind":
            message = "body: send a JSON object, with the header Content-Type: application/json."
        case "model_attributes_type" | "dict_type" if where == "body":
            message = "body: send a JSON object, with the header Content-Type: application/json."
        case _:
            sentence = problem["msg"].removeprefix("Value error, ")
            message = f"{where}: {sentence[:1].lower()}{sentence[1:]}; got {value}."
    return {"param": where, "message": message, "value": value}


def _path(location: Sequence[Any], body: Any, *, is_missing: bool) -> list[str]:
    """Return where in the client's JSON a problem is: pydantic's path, less `body` and less the tags of unions.

    What is not in the JSON is a tag, but for the last part, which may be a field that `is_missing`.
    """
    if location and location[0] != "body":
        return [str(part) for part in location[1:]]
    path = []
    for index, part in enumerate(location[1:], start=2):
        try:
            body = body[part]
        except (KeyError, IndexError, TypeError):
            if not (is_missing and index == len(location)):
                continue
        path.append(str(part))
    return path


def _excerpt(value: Any) -> str:
    try:
        text = msgspec.json.encode(value).decode()
    except (TypeError, ValueError):
        text = repr(value)
    return text if len(text) <= 120 else f"{text[:117]}…"


def _suggestion(name: str) -> str:
    near = get_close_matches(name, _fields_of(Strict), n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else "; /docs lists what there is."


def _fields_of(model: type[BaseModel]) -> set[str]:
    return set(model.model_fields).union(*(_fields_of(below) for below in model.__subclasses__()))
