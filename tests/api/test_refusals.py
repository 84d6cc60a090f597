"""What a client can write wrong: always refused in the one envelope, and never a bug of ours."""

import json
import socket
from http.client import HTTPResponse
from typing import Any

import httpx
import pytest
from tests.api.control_plane import ControlPlane
from tests.api.databases import on_both_databases
from tests.api_process import SPEC

JSON = {"Content-Type": "application/json"}
MOST_BYTES = 1024 * 1024


def spec(**fields: Any) -> bytes:
    """Return the body of a submit."""
    return json.dumps(SPEC | fields).encode()


def with_raw(field: bytes) -> bytes:
    """Return the body of a submit with one more field, written by hand."""
    return spec()[:-1] + b"," + field + b"}"


HOSTILE = {
    "a field twice": with_raw(b'"seed":1,"seed":2'),
    "nothing": b"",
    "no JSON": b"{",
    "no UTF-8": b'{"name": "\xff"}',
    "UTF-16": '{"name": "ä"}'.encode("utf-16"),
    "null": b"null",
    "a list": b"[]",
    "a string": b'"train"',
    "a number": b"1e999",
    "NaN": with_raw(b'"hyperparameters":{"learning_rate":NaN}'),
    "infinity": with_raw(b'"hyperparameters":{"learning_rate":-Infinity}'),
    "NaN where a whole number belongs": with_raw(b'"seed":NaN'),
    "a number over every float": with_raw(b'"hyperparameters":{"num_epochs":1e400}'),
    "a number over 64 bits": with_raw(b'"seed":' + b"9" * 100),
    "steps over 64 bits": with_raw(b'"hyperparameters":{"max_steps":' + b"9" * 100 + b"}"),
    "a number of 5,000 digits": with_raw(b'"seed":' + b"9" * 5000),
    "10,000 lists in each other": with_raw(b'"metadata":{"a":' + b"[" * 10_000 + b"]" * 10_000 + b"}"),
    "960 objects in each other": with_raw(b'"x":' + b'{"a":' * 960 + b"1" + b"}" * 960),
    "a lone surrogate": with_raw(b'"base_model_revision":"\\ud800"'),
    "a lone surrogate as a field": with_raw(b'"\\ud800":1'),
    "a lone surrogate as a label": with_raw(b'"metadata":{"\\ud800":"a"}'),
    "a lone surrogate as a tag": with_raw(b'"method":{"type":"\\ud800"}'),
    "NUL in a name": with_raw(b'"name":"\\u0000"'),
    "NUL in a model": spec(base_model="org/\x00model"),
    "NUL in a revision": spec(base_model_revision="\x00"),
    "NUL in a split": spec(datasets=[{"source": {"type": "hub", "repo_id": "o/d", "split": "tr\x00ain"}}]),
    "NUL in a label": spec(metadata={"a": "\x00"}),
    "NUL in a label's name": spec(metadata={"\x00": "a"}),
    "10,000 unknown fields": spec(**{f"learning_rat{number}": 1 for number in range(10_000)}),
    "100,000 wrong modules": spec(adapter={"type": "lora", "lora_target_modules": [1] * 100_000}),
    "1,000 labels": spec(metadata={f"label{number}": "a" for number in range(1000)}),
}


@on_both_databases
@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_body_is_refused_in_the_envelope(plane: ControlPlane, body: bytes) -> None:
    answer = plane.http.post("/v1/jobs", content=body, headers=JSON, timeout=30)

    assert answer.status_code in {400, 422}, answer.text
    _assert_envelope(answer)
    assert len(answer.content) < 32_000


TAKEN = {
    "text beyond the first plane": spec(metadata={"名前": "🦥"}),
    "a label of an SQL's end": spec(metadata={"a": "'; DROP TABLE jobs; --"}),
}


@on_both_databases
@pytest.mark.parametrize("body", TAKEN.values(), ids=TAKEN.keys())
def test_what_is_odd_but_right_is_taken_and_shown_as_it_was_written(plane: ControlPlane, body: bytes) -> None:
    answer = plane.http.post("/v1/jobs", content=body, headers=JSON)

    assert answer.status_code == 201, answer.text
    assert answer.json()["metadata"] == json.loads(body).get("metadata", {})
    assert plane.job(answer.json()["id"]) | {"waiting": None} == answer.json()  # only a read looks at the fleet


MENDABLE = {
    "a field with a slip of the pen": (
        {"hyperparameters": {"learning_rat": 1e-4}},
        "hyperparameters.learning_rat",
        "did you mean 'learning_rate'?",
    ),
    "a field like no other": ({"zzz": 1}, "zzz", "there is no such field"),
    "a wrong tag": ({"method": {"type": "sfd"}}, "method.type", "'sfd' is none of 'sft', 'dpo'"),
    "no tag": ({"adapter": {"lora_r": 8}}, "adapter", "give 'type'"),
    "text for a number": ({"hyperparameters": {"num_epochs": "three"}}, "hyperparameters.num_epochs", '"three"'),
    "a number out of its range": ({"resources": {"gpus": 65}}, "resources.gpus", "65"),
    "a field within a tagged one": ({"adapter": {"type": "lora", "lora_r": 0}}, "adapter.lora_r", "greater than"),
    "two that exclude each other": (
        {"hyperparameters": {"warmup_steps": 1, "warmup_ratio": 0.1}},
        "hyperparameters",
        "exclude each other",
    ),
    "no data": ({"datasets": []}, "datasets", "at least 1"),
}


@pytest.mark.parametrize(("fields", "param", "words"), MENDABLE.values(), ids=MENDABLE.keys())
def test_a_wrong_spec_is_told_the_field_and_the_mend(
    plane: ControlPlane, fields: dict[str, Any], param: str, words: str
) -> None:
    answer = plane.http.post("/v1/jobs", json=SPEC | fields)

    assert answer.status_code == 422
    error = _assert_envelope(answer)
    assert error["param"] == param
    assert words in error["message"]


def test_all_that_is_wrong_is_told_at_once(plane: ControlPlane) -> None:
    answer = plane.http.post("/v1/jobs", json={"datasetz": [], "seed": -1})

    params = [problem["param"] for problem in answer.json()["error"]["errors"]]
    assert set(params) == {"base_model", "datasets", "datasetz", "seed"}


def test_a_body_without_its_content_type_is_told_what_is_missing(plane: ControlPlane) -> None:
    answer = plane.http.post("/v1/jobs", content=spec())

    assert answer.status_code == 422
    assert "Content-Type: application/json" in _assert_envelope(answer)["message"]


def test_a_body_over_a_megabyte_is_refused_before_it_is_read(plane: ControlPlane) -> None:
    with socket.create_connection(("127.0.0.1", plane.port), timeout=30) as connection:
        connection.sendall(
            b"POST /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            b"Content-Length: 1000000000000\r\n\r\n{"
        )
        answer = _read_answer(connection)

    assert answer["code"] == "too_large"
    assert "1 MiB" in answer["message"]


def test_a_body_that_does_not_say_how_long_it_is_is_read_up_to_a_megabyte(plane: ControlPlane) -> None:
    chunk = b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
    with socket.create_connection(("127.0.0.1", plane.port), timeout=30) as connection:
        connection.sendall(
            b"POST /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 17
        )
        answer = _read_answer(connection)

    assert answer["code"] == "too_large"


def test_a_body_just_under_a_megabyte_is_read(plane: ControlPlane) -> None:
    answer = plane.http.post("/v1/jobs", content=spec().ljust(MOST_BYTES), headers=JSON)

    assert answer.status_code == 201


ODD = {
    "a route that there is not": ("GET", "/v1/nothing", 404),
    "a wrong method": ("DELETE", "/v1/jobs", 405),
    "a job that nobody has": ("GET", "/v1/jobs/ftjob-00000000000000000000000000", 404),
    "NUL as the job before": ("GET", "/v1/jobs?after=%00", 422),
    "no UTF-8 as a job": ("GET", "/v1/jobs/%ED%A0%80", 404),
    "a long name as a job": ("GET", "/v1/jobs/" + "a" * 5000, 404),
    "no page": ("GET", "/v1/jobs?limit=0", 422),
    "a page over the limit": ("GET", "/v1/jobs?limit=101", 422),
    "a page in words": ("GET", "/v1/jobs?limit=ten", 422),
    "a status that there is not": ("GET", "/v1/jobs?status=sleeping", 422),
    "a file that nobody has": ("GET", "/v1/files/file-00000000000000000000000000", 404),
    "NUL as a file": ("GET", "/v1/files/%00", 400),
    "the cancel of nothing": ("POST", "/v1/jobs/ftjob-0/cancel", 404),
    "an event after all events": ("GET", "/v1/jobs/{job}/events?after=" + "9" * 30, 422),
    "a step after all steps": ("GET", "/v1/jobs/{job}/metrics?from_step=" + "9" * 30, 422),
    "an attempt after all attempts": ("GET", "/v1/jobs/{job}/config?attempt=" + "9" * 30, 422),
    "an attempt with too long a name": ("GET", "/v1/jobs/{job}/artifacts/" + "9" * 300 + "/a", 422),
    "an artifact with too long a name": ("GET", "/v1/jobs/{job}/artifacts/1/" + "a" * 300, 404),
    "NUL as an artifact": ("GET", "/v1/jobs/{job}/artifacts/1/%00", 404),
    "no offset of a stream": ("GET", "/v1/jobs/{job}/stream?after=" + "9" * 30, 422),
}


@on_both_databases
@pytest.mark.parametrize(("method", "path", "status"), ODD.values(), ids=ODD.keys())
def test_an_odd_request_is_refused_in_the_envelope(plane: ControlPlane, method: str, path: str, status: int) -> None:
    if "{job}" in path:
        path = path.format(job=plane.submit())

    answer = plane.http.request(method, path)

    assert answer.status_code == status, answer.text
    _assert_envelope(answer)


@on_both_databases
def test_a_job_whose_name_no_database_can_hold_is_a_refusal_too(plane: ControlPlane) -> None:
    answer = plane.http.get("/v1/jobs/%00")

    assert answer.status_code in {404, 422}
    _assert_envelope(answer)


@pytest.mark.parametrize("key", ["", "a" * 256], ids=["empty", "too long"])
def test_an_idempotency_key_has_a_length(plane: ControlPlane, key: str) -> None:
    answer = plane.http.post("/v1/jobs", json=SPEC, headers={"Idempotency-Key": key})

    assert answer.status_code == 422
    assert _assert_envelope(answer)["param"] == "idempotency-key"


def _read_answer(connection: socket.socket) -> dict[str, Any]:
    response = HTTPResponse(connection)
    response.begin()
    assert response.status == 413
    error: dict[str, Any] = json.loads(response.read())["error"]
    assert error["request_id"] == response.headers["x-request-id"]
    return error


def _assert_envelope(answer: httpx.Response) -> dict[str, Any]:
    error: dict[str, Any] = answer.json()["error"]
    assert {"code", "message", "param", "type", "request_id"} <= error.keys()
    assert error["message"]
    assert error["type"] == "invalid_request_error"
    assert error["request_id"] == answer.headers["x-request-id"]
    return error
