"""The `axo` command against the real service."""

import json
import signal
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
    assert "step 5 of 5, loss 0.2" in followed.stdout
    assert "succeeded" in followed.stdout
    frames = [json.loads(line) for line in _axo(stack, "follow", job_id, "--json").stdout.splitlines()]
    assert frames == stack.stream(job_id)
    assert "step 5" in _axo(stack, "logs", job_id).stdout


def test_watch_tells_each_move_of_a_job_and_ends_at_ctrl_c(stack: EmbeddedStack) -> None:
    job_id = stack.submit(max_steps=5)
    stack.wait_for_end(job_id)
    moves = stack.http.get(f"/v1/jobs/{job_id}/events").json()["data"]

    command = [sys.executable, "-m", "axo_cli", "watch", "--after", "0", "--json", "--url", stack.url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watching:
        assert watching.stdout
        told = [json.loads(watching.stdout.readline()) for _ in moves]
        watching.send_signal(signal.SIGINT)
        error = watching.communicate(timeout=30)[1]

    assert [(event["event"], event["job"]) for event in told] == [(move["id"], job_id) for move in moves]
    assert (watching.returncode, error) == (130, "")


def _axo(stack: EmbeddedStack, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "axo_cli", *arguments, "--url", stack.url]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
