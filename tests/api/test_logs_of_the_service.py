"""The service's own log: a JSON object a line, joined by the ids of request and job, and without any secret."""

import json
import os
import subprocess
import sys
from typing import Any

import httpx
import pytest
from tests.api.conftest import StartControlPlane
from tests.api.control_plane import ControlPlane
from tests.api.standin_worker import StandInWorker
from tests.waiting import wait_for

from axo_api.keys.secret import new_secret
from axo_observability.logs import HIDDEN, hide_secrets


def lines(plane: ControlPlane) -> list[dict[str, Any]]:
    """Return what the service has logged, each line read by itself."""
    written = plane.output.read_text().splitlines(keepends=True)
    return [json.loads(line) for line in written if line.endswith("\n")]  # the last may be on its way


def wait_for_line(plane: ControlPlane, **fields: object) -> dict[str, Any]:
    """Return the first line with these fields, once it is there."""

    def look() -> dict[str, Any] | None:
        return next((line for line in lines(plane) if fields.items() <= line.items()), None)

    return wait_for(look, f"a line with {fields}")


def test_a_request_a_job_and_its_order_are_joined_by_their_ids(start_control_plane: StartControlPlane) -> None:
    plane = start_control_plane(AXO_LOG_FORMAT="json")
    worker = StandInWorker(plane.redis_server.url)
    worker.start()
    try:
        job_id = plane.submit()
        answer = plane.http.get(f"/v1/jobs/{job_id}?secret=in-the-query")
        worker.take_order()

        asked = wait_for_line(plane, request_id=answer.headers["x-request-id"])
        submitted = wait_for_line(plane, method="POST", route="/v1/jobs")
        ordered = wait_for_line(plane, event="ordered a run")
    finally:
        worker.vanish()

    assert (asked["method"], asked["route"], asked["status"]) == ("GET", "/v1/jobs/{job_id}", 200)
    assert asked["job_id"] == submitted["job_id"] == ordered["job_id"] == job_id
    assert submitted["status"] == 201
    assert submitted["ms"] > 0
    assert submitted["request_id"] != asked["request_id"]
    assert {"timestamp", "level", "logger", "event"} <= submitted.keys()
    assert "in-the-query" not in plane.output.read_text()
    assert any(line["logger"] == "uvicorn.error" for line in lines(plane))


def test_no_key_gets_into_the_log(start_control_plane: StartControlPlane) -> None:
    plane = start_control_plane(AXO_LOG_FORMAT="json", AXO_LOG_LEVEL="DEBUG")
    key = plane.http.post("/v1/keys", json={"owner": "me", "scopes": ["admin"]}).json()["key"]
    wrong = new_secret()
    for secret in (key, wrong):
        plane.http.get(f"/v1/jobs/{secret}", params={"key": secret}, headers={"Authorization": f"Bearer {secret}"})
    refused = plane.http.get("/v1/jobs", headers={"Authorization": f"Bearer {wrong}"})

    wait_for_line(plane, request_id=refused.headers["x-request-id"], status=401)

    logged = plane.output.read_text()
    assert key not in logged
    assert wrong not in logged


def test_a_bug_is_logged_under_the_id_that_the_client_is_told() -> None:
    program = """
import asyncio, httpx
from axo_api.access import AccessLog
from axo_api.errors import install_error_handlers
from axo_api.journals.hub import Hub
from axo_api.monitoring.instruments import Instruments
from axo_api.request_ids import RequestIds
from axo_observability import logs
from axo_observability.traces import NoTracer
from fastapi import FastAPI
from pathlib import Path
from types import SimpleNamespace

logs.configure("json", "INFO")
app = FastAPI()
app.state.parts = SimpleNamespace(instruments=Instruments(Hub(Path("/nowhere"))), tracer=NoTracer())
install_error_handlers(app)
app.add_middleware(AccessLog)
app.add_middleware(RequestIds)

@app.get("/broken")
async def broken() -> None:
    raise RuntimeError("no connection to postgresql://axo:password@host/axo")

async def ask() -> None:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://axo") as http:
        print((await http.get("/broken")).headers["x-request-id"])

asyncio.run(ask())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=os.environ)

    request_id = done.stdout.strip()
    read = [json.loads(line) for line in done.stderr.splitlines()]
    ours = [line for line in read if line.get("request_id") == request_id]
    assert [line["status"] for line in ours if line["event"] == "request"] == [500]
    assert any("RuntimeError" in line.get("exception", "") for line in ours)
    assert "password" not in done.stderr


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("Authorization: Bearer abc.def", f"Authorization: Bearer {HIDDEN}"),
        ("redis://:one@redis:6379/0", f"redis://{HIDDEN}@redis:6379/0"),
        ("postgresql+psycopg://axo:two@host/axo", f"postgresql+psycopg://{HIDDEN}@host/axo"),
        (f"the key {new_secret()} was used", f"the key {HIDDEN} was used"),
        ("HF_TOKEN=hf_abcdefghijklmnopqrstuvwxyz", f"HF_TOKEN={HIDDEN}"),
        ("worker axo-gpu-host-1 at http://host:8400/v1/jobs", "worker axo-gpu-host-1 at http://host:8400/v1/jobs"),
    ],
    ids=["bearer", "redis", "postgres", "key", "hub-token", "nothing-secret"],
)
def test_secrets_are_taken_out_wherever_they_stand(line: str, shown: str) -> None:
    assert hide_secrets(None, "", line) == shown


def test_lines_for_people_name_their_level_and_logger(start_control_plane: StartControlPlane) -> None:
    plane = start_control_plane()

    answer = httpx.get(f"{plane.url}/v1/jobs")

    assert answer.status_code == 200
    wait_for(lambda: "route=/v1/jobs" in plane.output.read_text(), "the line of the request")
    line = next(line for line in plane.output.read_text().splitlines() if "route=/v1/jobs" in line)
    assert "[INFO" in line
    assert "[axo_api.access]" in line
