"""What an operator sees of a job that went through the whole service: one trace, joined logs, counted work."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.loopback_server import running
from tests.stack.embedded import EmbeddedStack, wait_for
from tests.stack.otlp_receiver import OtlpReceiver

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
SPANS = ("POST", "queue", "prepare", "start trainer")


@pytest.fixture
def receiver() -> Iterator[OtlpReceiver]:
    """A collector of traces that listens."""
    with running(OtlpReceiver()) as receiver:
        yield receiver


def test_a_job_is_one_trace_one_story_and_one_count(
    start_stack: Callable[..., EmbeddedStack], receiver: OtlpReceiver
) -> None:
    stack = start_stack(AXO_OTLP_ENDPOINT=receiver.url, AXO_LOG_FORMAT="json")
    spec = stack.spec(max_steps=3)

    answer = stack.http.post("/v1/jobs", json=spec, headers={"traceparent": f"00-{TRACE}-{PARENT}-01"})
    job_id = answer.json()["id"]
    stack.wait_for_end(job_id)

    post, queue, prepare, start = (_wait_for_span(receiver, name) for name in SPANS)
    assert [span["service"] for span in (post, queue, prepare, start)] == ["axo-api"] * 2 + ["axo-worker"] * 2
    assert post["parent"] == PARENT
    assert {span["parent"] for span in (queue, prepare, start)} == {post["id"]}
    assert {span["job_id"] for span in (queue, prepare, start)} == {job_id}
    assert post["began"] <= queue["began"] <= prepare["began"] <= start["began"] <= start["ended"]

    story = [line for line in _logged(stack) if line.get("job_id") == job_id]
    assert any(line.get("request_id") == answer.headers["x-request-id"] for line in story)
    events = [line["event"] for line in story]
    assert "ordered a run" in events
    assert "claim" in events

    wait_for(lambda: _counted(stack, "axo_jobs_ended_total") == 1, lambda: "the job to be counted", 30)
    assert _counted(stack, "axo_attempt_run_seconds_count") == 1
    assert _counted(stack, "axo_frames_recorded_total") > 0
    assert _counted(stack, "axo_worker_memory_total_bytes") > 0


def test_what_sends_traces_is_not_imported_where_none_are_sent() -> None:
    program = (
        "import sys, axo_api.app, axo_worker.slot; from axo_api.settings import Settings;"
        "axo_api.app.create_app(Settings());"
        "print(sys.modules.keys() & {'opentelemetry.sdk.trace', 'opentelemetry.exporter', 'axo_observability.otlp'})"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "set()"


def _wait_for_span(receiver: OtlpReceiver, name: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        return next((span for span in receiver.spans if (span["name"], span["trace"]) == (name, TRACE)), None)

    return wait_for(look, lambda: f"the span {name!r} among {receiver.spans}", 30)


def _logged(stack: EmbeddedStack) -> list[dict[str, Any]]:
    texts = [file.read_text() for file in (stack.home / "logs").iterdir() if file.name.startswith(("api", "worker"))]
    return [json.loads(line) for text in texts for line in text.splitlines() if line]


def _counted(stack: EmbeddedStack, name: str) -> float:
    families = text_string_to_metric_families(stack.http.get("/metrics").text)
    return sum(sample.value for family in families for sample in family.samples if sample.name == name)
