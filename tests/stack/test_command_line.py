"""The `axo` command against the real service."""

import json
import subprocess
import sys

from tests.stack.embedded import EmbeddedStack


def test_a_job_is_paused_resumed_cancelled_and_retried_from_the_command_line(stack: EmbeddedStack) -> None:
    job_id = stack.submit(max_steps=10_000, name="long")
    stack.wait_for_step(job_id, 3)

    assert "pausing" in _axo(stack, "pause", "long").stdout
    stack.wait_for_status(job_id, "paused")
    assert _axo(stack, "resume", job_id).stdout == f"{job_id} is queued.\n"
    stack.wait_for_status(job_id, "running")
    assert "cancelling" in _axo(stack, "cancel", job_id).stdout
    stack.wait_for_end(job_id)
    again = json.loads(_axo(stack, "retry", job_id, "--scratch", "--json").stdout)

    assert again["retry_of"] == job_id
    refused = _axo(stack, "pause", job_id)
    assert refused.returncode != 0
    assert "cancelled" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_follow_shows_a_job_to_its_end_and_exits_as_it_ended(stack: EmbeddedStack) -> None:
    job_id = stack.submit(max_steps=5)

    followed = _axo(stack, "follow", job_id)

    assert followed.returncode == 0, followed.stderr
    assert "5/5" in followed.stdout
    assert "succeeded" in followed.stdout
    frames = [json.loads(line) for line in _axo(stack, "follow", job_id, "--json").stdout.splitlines()]
    assert frames == stack.stream(job_id)
    assert "step 5" in _axo(stack, "logs", job_id).stdout


def _axo(stack: EmbeddedStack, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "axo_cli", *arguments, "--url", stack.url]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
