"""Running jobs of all kinds, and reading what they have left."""

import json
import os
import subprocess
import sys
from typing import Any

import httpx
import pytest
from tests.stack.embedded import EmbeddedStack

TRAINER_PYTHON = os.environ.get("AXO_TRAINER_PYTHON", "")
ROWS = 16

RUNS_TASKS = [
    pytest.mark.trainer,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not TRAINER_PYTHON, reason="AXO_TRAINER_PYTHON names no Python with Axolotl"),
]
"""The marks of tests whose tasks are the real ones."""


def run(stack: EmbeddedStack, **spec: Any) -> dict[str, Any]:
    """Run a job to its good end, and return it."""
    job_id = stack.submit(spec)
    job = stack.wait_for_end(job_id, seconds=400)
    assert job["status"] == "succeeded", (job["error"], stack.http.get(f"/v1/jobs/{job_id}/logs").text)
    return job


def name_of(stack: EmbeddedStack, job: dict[str, Any]) -> str:
    """Return what a job's model is called."""
    (name,) = (model["id"] for model in stack.http.get("/v1/models").json()["data"] if model["job_id"] == job["id"])
    return str(name)


def artifact(stack: EmbeddedStack, job: dict[str, Any], name: str) -> str:
    """Return one file of a job's result."""
    answer = stack.http.get(f"/v1/jobs/{job['id']}/artifacts/{job['result']['attempt']}/{name}")
    assert answer.status_code == 200, answer.text
    return answer.text


def artifact_lines(stack: EmbeddedStack, job: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the rows of one file of a job's result."""
    return [json.loads(line) for line in artifact(stack, job, name).splitlines()]


def artifact_names(stack: EmbeddedStack, job_id: str) -> list[str]:
    """Return what all attempts of a job have left."""
    answer: httpx.Response = stack.http.get(f"/v1/jobs/{job_id}/artifacts")
    return [found["path"] for found in answer.json()["data"]]


def axo(stack: EmbeddedStack, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of `axo` against the stack."""
    command = [sys.executable, "-m", "axo_cli", *arguments, "--url", stack.url]
    return subprocess.run(command, capture_output=True, text=True, timeout=400, check=False)
