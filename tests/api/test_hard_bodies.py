"""Whatever is sent to a route that takes a body, it is refused in the one envelope, and the next request works."""

import json
import socket
from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
import pytest
from tests.api import hostile
from tests.api.control_plane import ControlPlane
from tests.api.databases import on_both_databases
from tests.api_process import SPEC

from axo_api.openapi import document

DOCUMENT = json.loads(document())
JSON = {"Content-Type": "application/json"}
YAML = {"Content-Type": "application/yaml"}
MEGABYTES_20 = 20 * 1024 * 1024
ROWS = b'{"messages": [{"role": "user", "content": "2 + 2?"}, {"role": "assistant", "content": "4"}]}\n' * 3
GRADER = {"type": "string_check", "name": "right", "operation": "eq", "input": "4", "reference": "4"}
GOOD: dict[str, dict[str, Any]] = {
    "/v1/jobs": SPEC,
    "/v1/jobs/plan": SPEC,
    "/v1/jobs/{job_id}/retry": {"from_checkpoint": "last"},
    "/v1/jobs/{job_id}/artifacts/{attempt}/{path}/url": {"expires_in": 60},
    "/v1/files/{file_id}/preview": {"base_model": "org/model"},
    "/v1/files/uploads": {"filename": "rows.jsonl"},
    "/v1/keys": {"owner": "somebody", "scopes": ["admin"], "expires_at": "2020-01-01T00:00:00Z"},
    "/v1/fine_tuning/jobs": {"model": "org/model", "training_file": "file-" + "0" * 26},
    "/v1/fine_tuning/checkpoints/{checkpoint}/permissions": {"project_ids": ["proj"]},
    "/v1/fine_tuning/alpha/graders/run": {"grader": GRADER, "model_sample": "4"},
    "/v1/fine_tuning/alpha/graders/validate": {"grader": GRADER},
    "/v1/models/{model}": {"job_id": "ftjob-none"},
    "/v1/webhook_endpoints": {"url": "https://127.0.0.1/hook"},
    "/v1/webhook_endpoints/{endpoint_id}": {"name": "hook"},
    "/v1/webhook_endpoints/{endpoint_id}/rotate_secret": {"keep_old_secret_active_for_24_hours": False},
    "/v1/webhook_endpoints/{endpoint_id}/test": {"event_type": "fine_tuning.job.succeeded"},
    "/v1/chat/completions": {"model": "ft:none", "messages": [{"role": "user", "content": "2 + 2?"}]},
    "/v1/completions": {"model": "ft:none", "prompt": "2 + 2"},
    "/v1/uploads": {"bytes": 1, "filename": "rows.jsonl", "mime_type": "text/plain", "purpose": "fine-tune"},
    "/v1/uploads/{upload_id}/complete": {"part_ids": ["part-none"]},
}
"""A body that each route understands, and that makes nothing which later tests would trip over."""


class Taker(NamedTuple):
    """An operation that takes a body, and the schema of that if it is JSON."""

    method: str
    path: str
    media_types: list[str]
    schema: dict[str, Any]
    is_required: bool

    @property
    def fields(self) -> list[str]:
        return sorted({name for shape in _shapes(self.schema) for name in shape.get("properties", {})})


def _shapes(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    yield schema
    for inner in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from _shapes(inner)


def _takers() -> Iterator[Taker]:
    for path, operations in DOCUMENT["paths"].items():
        for method, operation in operations.items():
            if body := operation.get("requestBody"):
                content = body["content"]
                schema = content.get("application/json", {}).get("schema", {})
                yield Taker(method.upper(), path, [*content], schema, body.get("required", False))


TAKERS = [*_takers()]
JSON_TAKERS = [taker for taker in TAKERS if taker.schema]
FORM = {"Content-Type": "multipart/form-data; boundary=b"}
YAML_TAKERS = [taker for taker in TAKERS if "application/yaml" in taker.media_types]
FORM_TAKERS = [taker for taker in TAKERS if "multipart/form-data" in taker.media_types]
each_json_taker = pytest.mark.parametrize("taker", JSON_TAKERS, ids=[taker.path for taker in JSON_TAKERS])
each_taker = pytest.mark.parametrize("taker", TAKERS, ids=[f"{taker.method} {taker.path}" for taker in TAKERS])


@pytest.fixture
def named(plane: ControlPlane) -> Iterator[dict[str, str]]:
    """Something behind each path parameter of a route that takes a body, but for a checkpoint and a model."""
    http = plane.http
    file = http.post("/v1/files", files={"file": ("rows.jsonl", ROWS)}, data={"purpose": "fine-tune"})
    upload = http.post("/v1/files/uploads", json={"filename": "rows.jsonl"})
    hook = http.post("/v1/webhook_endpoints", json=GOOD["/v1/webhook_endpoints"]).json()
    yield {
        "job_id": plane.submit(),
        "file_id": file.json()["id"],
        "upload_id": upload.json()["id"],
        "endpoint_id": hook["id"],
        "checkpoint": "ft:none",
        "model": "ft:none",
        "attempt": "1",
        "path": "none",
    }
    http.delete(f"/v1/webhook_endpoints/{hook['id']}")  # an owner may have only so many


@on_both_databases
@each_json_taker
def test_a_body_that_is_no_request_is_refused(plane: ControlPlane, named: dict[str, str], taker: Taker) -> None:
    good = json.dumps(GOOD[taker.path]).encode()
    bodies = hostile.WHOLE | {"cut off": good[: len(good) // 2], "two of them": good + good}
    if taker.is_required:
        bodies |= {"nothing": b"", "only spaces": b"  "}
    else:
        del bodies["null"]

    for what, body in bodies.items():
        _assert_refused(plane, _send(plane, taker, named, body, JSON), what)


@on_both_databases
@each_json_taker
def test_a_value_that_no_field_can_hold_is_refused(plane: ControlPlane, named: dict[str, str], taker: Taker) -> None:
    good = GOOD[taker.path]

    for name in [*taker.fields, "no_such_field"]:
        for what, raw in hostile.VALUES.items():
            answer = _send(plane, taker, named, hostile.with_field(good, name, raw), JSON)
            _assert_refused(plane, answer, f"{what} as {name}")


@on_both_databases
@each_json_taker
def test_a_nul_is_refused_or_kept(plane: ControlPlane, named: dict[str, str], taker: Taker) -> None:
    for name in taker.fields:
        for raw in hostile.NUL:
            answer = _send(plane, taker, named, hostile.with_field(GOOD[taker.path], name, raw), JSON)
            if not answer.is_success:
                _assert_refused(plane, answer, f"{raw!r} as {name}")


@each_json_taker
def test_a_field_that_is_there_twice_is_refused(plane: ControlPlane, named: dict[str, str], taker: Taker) -> None:
    for name in GOOD[taker.path]:
        answer = _send(plane, taker, named, hostile.with_field_twice(GOOD[taker.path], name), JSON)

        _assert_refused(plane, answer, name)
        assert answer.status_code == 400
        assert f"the key {name!r} twice" in answer.json()["error"]["message"]


@on_both_databases
@pytest.mark.parametrize("taker", YAML_TAKERS, ids=[taker.path for taker in YAML_TAKERS])
def test_yaml_that_is_no_config_is_refused(plane: ControlPlane, taker: Taker) -> None:
    for what, config in hostile.CONFIGS.items():
        _assert_refused(plane, _send(plane, taker, {}, config, YAML), what)


@on_both_databases
@pytest.mark.parametrize("taker", FORM_TAKERS, ids=[taker.path for taker in FORM_TAKERS])
def test_a_form_that_is_no_upload_is_refused(plane: ControlPlane, taker: Taker) -> None:
    upload = {"bytes": 1, "filename": "rows.jsonl", "mime_type": "text/plain", "purpose": "fine-tune"}
    named = {"upload_id": plane.http.post("/v1/uploads", json=upload).json()["id"]}

    for what, form in hostile.FORMS.items():
        _assert_refused(plane, _send(plane, taker, named, form, FORM), what)


@each_taker
@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "multipart/form-data", "not a type", None])
def test_another_content_type_is_refused(
    plane: ControlPlane, named: dict[str, str], taker: Taker, media_type: str | None
) -> None:
    if "application/octet-stream" in taker.media_types:
        return
    body = json.dumps(GOOD.get(taker.path, {})).encode()

    answer = _send(plane, taker, named, body, {} if media_type is None else {"Content-Type": media_type})

    _assert_refused(plane, answer, str(media_type))


@each_taker
def test_twenty_megabytes_are_refused_where_no_file_is_sent(
    plane: ControlPlane, named: dict[str, str], taker: Taker
) -> None:
    is_json = bool(taker.schema)
    headers = JSON if is_json else {"Content-Type": taker.media_types[0]}

    answer = _send(plane, taker, named, b'"' + b"a" * MEGABYTES_20 + b'"', headers)

    if not answer.is_success or is_json:
        _assert_refused(plane, answer, "20 MB")
        assert (answer.status_code == 413) is is_json


@each_taker
def test_a_body_that_breaks_off_harms_nobody(plane: ControlPlane, named: dict[str, str], taker: Taker) -> None:
    head = f"{taker.method} {taker.path.format(**named)} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n"
    with socket.create_connection(("127.0.0.1", plane.port), timeout=5) as connection:
        connection.sendall(f"{head}Content-Type: {taker.media_types[0]}\r\n\r\n".encode() + b'{"a"')

    assert plane.http.get("/v1/jobs?limit=1").is_success
    assert "Traceback" not in plane.output.read_text()


def _send(
    plane: ControlPlane, taker: Taker, named: dict[str, str], body: bytes, headers: dict[str, str]
) -> httpx.Response:
    query = {"filename": "rows.jsonl"} if (taker.method, taker.path) == ("PUT", "/v1/files") else None
    return plane.http.request(
        taker.method, taker.path.format(**named), content=body, headers=headers, params=query, timeout=30
    )


def _assert_refused(plane: ControlPlane, answer: httpx.Response, what: str) -> None:
    assert 400 <= answer.status_code < 500, (what, answer.status_code, answer.text)
    error = answer.json()["error"]
    assert {"code", "message", "param", "type", "request_id"} <= error.keys(), what
    assert error["message"], what
    assert error["request_id"] == answer.headers["x-request-id"], what
    assert plane.http.get("/v1/jobs?limit=1").is_success, what
