"""Losses that are NaN, infinite or not there, on every way out of the service: named, and never a crash or a zero."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.stack.embedded import EmbeddedStack, wait_for

from axo_contracts import redis_names

LOSSES = [(1, "nan"), (2, "-inf"), (4, "inf")]
NORMS = ["-inf", 0.5, "nan", "inf"]
NEWEST = {"loss": "inf", "grad_norm": "inf"}


@pytest.fixture
def ended(start_stack: Callable[..., EmbeddedStack]) -> tuple[EmbeddedStack, str]:
    """A stack, and a job there that has logged all of them and has ended."""
    stack = start_stack(trainer="logs_what_is_no_number")
    job_id = stack.submit()
    stack.wait_for_end(job_id)
    return stack, job_id


def test_what_is_no_number_is_named_on_every_way_out(ended: tuple[EmbeddedStack, str]) -> None:
    stack, job_id = ended

    _is_in_the_job(_json(stack, f"/v1/jobs/{job_id}"))
    _is_in_the_job(_json(stack, "/v1/jobs")["data"][0])
    _json(stack, f"/v1/fine_tuning/jobs/{job_id}/events")
    _is_in_the_series(_json(stack, f"/v1/jobs/{job_id}/metrics")["data"])
    _is_in_the_points(stack.http.get(f"/v1/jobs/{job_id}/metrics?format=ndjson").text.splitlines())
    _is_in_the_table(stack.http.get(f"/v1/jobs/{job_id}/metrics?format=csv").text.splitlines())
    _is_in_the_stream(stack.http.get(f"/v1/jobs/{job_id}/stream?events=metric,end").text)
    _is_in_the_events(stack, job_id)
    _is_shown(stack, job_id)
    assert list(text_string_to_metric_families(stack.http.get("/metrics").text))


def _is_in_the_job(job: dict[str, Any]) -> None:
    assert (job["status"], job["reason"]) == ("failed", "nan_loss")
    progress = job["progress"]
    assert (progress["step"], progress["loss"], progress["first_loss"]) == (4, None, None)
    assert progress["non_finite"] == {"loss": "inf"}


def _is_in_the_series(data: list[dict[str, Any]]) -> None:
    loss, norm = sorted(data, key=lambda series: series["name"] != "loss")
    assert (loss["steps"], loss["values"]) == ([1, 2, 4], [None] * 3)
    assert [(one["step"], one["value"]) for one in loss["non_finite"]] == LOSSES
    assert norm["values"] == [None, 0.5, None, None]


def _is_in_the_points(lines: list[str]) -> None:
    points = [_strict(line) for line in lines]
    assert [(one["step"], one["non_finite"]["loss"]) for one in points if "loss" in one["values"]] == LOSSES
    assert [one["values"]["grad_norm"] or one["non_finite"]["grad_norm"] for one in points] == NORMS


def _is_in_the_table(lines: list[str]) -> None:
    rows = list(csv.DictReader(lines))
    assert [row["loss"] for row in rows] == ["nan", "-inf", "", "inf"]
    assert [row["grad_norm"] for row in rows] == [str(norm) for norm in NORMS]


def _is_in_the_stream(text: str) -> None:
    frames = [_strict(line.removeprefix("data: ")) for line in text.splitlines() if line.startswith("data: ")]
    metrics = [frame for frame in frames if frame["type"] == "metric"]
    assert [(one["step"], one["non_finite"]["loss"]) for one in metrics if "loss" in one["values"]] == LOSSES
    assert frames[-1]["type"] == "end"


def _is_in_the_events(stack: EmbeddedStack, job_id: str) -> None:
    with stack.broker() as redis:
        events = wait_for(lambda: _events_to_the_end(redis, job_id), lambda: "the event of the end", 20)
    measured = [event for event in events if event["type"] == "axo.metrics.progress.v1"]
    assert measured[-1]["values"] == dict.fromkeys(NEWEST)
    assert measured[-1]["non_finite"] == NEWEST
    assert "loss inf" in measured[-1]["message"]
    assert (events[-1]["progress"]["loss"], events[-1]["progress"]["non_finite"]) == (None, {"loss": "inf"})


def _events_to_the_end(redis: Any, job_id: str) -> list[dict[str, Any]]:
    events = [_strict(fields[b"event"]) for _, fields in redis.xrange(redis_names.EVENTS_LOG)]
    of_job = [event for event in events if event["job"] == job_id]
    return of_job if of_job and of_job[-1]["type"] == "axo.job.failed.v1" else []


def _is_shown(stack: EmbeddedStack, job_id: str) -> None:
    assert "loss        – → inf" in _axo(stack, 0, "show", job_id)
    followed = _axo(stack, 1, "follow", job_id)
    assert "step 1 of 4, loss nan" in followed
    assert "loss – → inf in 4 steps" in followed
    assert "inf" in _axo(stack, 0, "list")


def _axo(stack: EmbeddedStack, exit_code: int, *arguments: str) -> str:
    command = [sys.executable, "-m", "axo_cli", *arguments]
    environment = {**os.environ, "AXO_URL": stack.url}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)
    assert (done.returncode, done.stderr) == (exit_code, "")
    return done.stdout


def _json(stack: EmbeddedStack, path: str) -> Any:
    return _strict(stack.http.get(path).raise_for_status().text)


def _strict(text: str | bytes) -> Any:
    """Return what JSON says; Python's reader would take a bare NaN or Infinity, which is none."""
    return json.loads(text, parse_constant=lambda bare: pytest.fail(f"a bare {bare} in {text!r}"))
