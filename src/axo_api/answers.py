"""What the OpenAPI document says of refusals: for each operation those that it can answer, all in the one envelope.

Most follow from what the operation takes. A route names others itself, with `responses=refused_with(…)`.
"""

from typing import Any

from fastapi import FastAPI

from axo_api.body_limit import STREAMED
from axo_api.callers import InsufficientScope, InvalidKey
from axo_api.errors import (
    OPENAI_PATHS,
    BadRequest,
    Conflict,
    ErrorEnvelope,
    Invalid,
    NotFound,
    TooManyWaiting,
    UnsatisfiableRange,
)

_SENTENCES: dict[str, str] = {
    **{
        str(refusal.status): refusal.__doc__ or ""
        for refusal in (
            *(BadRequest, InvalidKey, InsufficientScope, NotFound, Conflict),
            *(UnsatisfiableRange, Invalid, TooManyWaiting),
        )
    },
    "413": "The body is larger than any request needs.",
    "5XX": "Something that is needed is away (503) or full (507), or axo has a bug (500).",
}
_READING = frozenset({"get", "head"})


def refused_with(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what a route's `responses` hold, for refusals that do not follow from what it takes."""
    return {status: {"model": ErrorEnvelope, "description": _SENTENCES[str(status)]} for status in statuses}


def answered_as(media_type: str, kind: str = "string") -> dict[int | str, dict[str, Any]]:
    """Return what the `responses` of a route are whose success is not JSON; `kind` is the type of its content."""
    return {200: {"description": "The content.", "content": {media_type: {"schema": {"type": kind}}}}}


def document_refusals(app: FastAPI) -> None:
    """Have the document of `app` name the refusals of each operation, in place of all of a kind."""
    without_refusals = app.openapi

    def openapi() -> dict[str, Any]:
        document = without_refusals()
        document["components"]["responses"] = {name: _response(sentence) for name, sentence in _SENTENCES.items()}
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                answers = operation["responses"]
                answers.pop("4XX", None)
                for name in sorted(_names(path, method, operation) | {"5XX"}):
                    answers[name] = {"$ref": f"#/components/responses/{name}"}
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend its document


def _response(sentence: str) -> dict[str, Any]:
    envelope = {"$ref": f"#/components/schemas/{ErrorEnvelope.__name__}"}
    return {"description": sentence, "content": {"application/json": {"schema": envelope}}}


def _names(path: str, method: str, operation: dict[str, Any]) -> set[str]:
    """Return the statuses of the refusals that follow from what an operation takes."""
    names = {name for name in operation["responses"] if name in _SENTENCES}
    takes = {one["in"] for one in operation.get("parameters", [])}
    has_body = "requestBody" in operation
    if "security" in operation:
        names |= {"401", "403"}
    if takes or has_body:
        names.add("400" if OPENAI_PATHS.fullmatch(path) else "422")
    if has_body:
        names.add("400")
        if not STREAMED.fullmatch(path):
            names.add("413")
    if "path" in takes:
        names.add("404")
        if method not in _READING:
            names.add("409")
    return names
