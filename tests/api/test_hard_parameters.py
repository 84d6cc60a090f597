"""Whatever stands in a path, a query or a header, it is taken or refused in the one envelope: never a bug of ours."""

import json
from typing import Any

import httpx
import pytest
from tests.api import hostile
from tests.api.control_plane import ControlPlane
from tests.api.databases import on_both_databases

from axo_api.openapi import document

Operation = tuple[str, str, list[dict[str, Any]]]
OPERATIONS: list[Operation] = [
    (method.upper(), path, operation["parameters"])
    for path, operations in json.loads(document())["paths"].items()
    for method, operation in operations.items()
    if operation.get("parameters")
]
each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=[f"{one[0]} {one[1]}" for one in OPERATIONS])


@on_both_databases
@each_operation
def test_an_odd_text_in_a_path_or_a_query_is_no_bug(plane: ControlPlane, operation: Operation) -> None:
    method, path, parameters = operation
    good = {"job_id": plane.submit() if "{job_id}" in path else "", "attempt": "1"}

    for parameter in parameters:
        for text in hostile.TEXTS if parameter["in"] != "header" else ():
            named = {one["name"]: good.get(one["name"]) or "none" for one in parameters if one["in"] == "path"}
            query = ""
            if parameter["in"] == "path":
                named[parameter["name"]] = text
            else:
                name = parameter["name"]
                query = f"?filename={text}.jsonl" if name == "filename" else f"?{name}={text}&filename=rows.jsonl"
            _assert_no_bug(plane, method, path.format(**named) + query)

    assert plane.http.get("/v1/jobs?limit=1").is_success


@each_operation
def test_an_odd_header_is_no_bug(plane: ControlPlane, operation: Operation) -> None:
    method, path, parameters = operation
    named = {one["name"]: "1" for one in parameters if one["in"] == "path"}
    if "job_id" in named:
        named["job_id"] = plane.submit()

    for name in [one["name"] for one in parameters if one["in"] == "header"] + ["Authorization", "OpenAI-Project"]:
        for value in hostile.HEADERS:
            _assert_no_bug(plane, method, path.format(**named), (name.encode(), value))

    assert plane.http.get("/v1/jobs?limit=1").is_success


def _assert_no_bug(plane: ControlPlane, method: str, target: str, *headers: tuple[bytes, bytes]) -> None:
    """Send a request, of whose answer no more than its start is read: it may be a stream."""
    with plane.http.stream(method, target, headers=[*headers]) as answer:
        assert answer.status_code < 500, (method, target, headers, answer.read())
        assert answer.headers["x-request-id"]
        if answer.is_error and method != "HEAD":
            _assert_envelope(answer)


def _assert_envelope(answer: httpx.Response) -> None:
    error = json.loads(answer.read())["error"]
    assert error["message"]
    assert error["request_id"] == answer.headers["x-request-id"]
