"""On a whole stack, with the command line: a training's checkpoints by its rules, a name, and a retry from a step."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
from tests.stack.embedded import EmbeddedStack, wait_for

RULES = {"last": 1, "best": {"metric": "loss", "mode": "max"}}
PROD = "ft:keeper@prod"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    """A stack with a trainer that saves as it is told."""
    with EmbeddedStack(tmp_path_factory.mktemp("stack")) as stack:
        yield stack


def axo(stack: EmbeddedStack, *arguments: str) -> str:
    """Run a command, which succeeds, and return what it said."""
    command = [sys.executable, "-m", "axo_cli", *arguments, "--url", stack.url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def test_a_run_leaves_what_its_rules_want_and_that_can_be_named_and_gone_on_from(stack: EmbeddedStack) -> None:
    spec = stack.spec(keep=RULES)
    job_id = stack.submit(spec | {"hyperparameters": {"max_steps": 4, "save_steps": 1}})
    assert stack.wait_for_end(job_id, 60)["status"] == "succeeded"
    outputs = stack.storage / "jobs" / job_id / "attempts" / "1" / "outputs"
    left = {"checkpoint-1", "checkpoint-4"}
    wait_for(lambda: {path.name for path in outputs.glob("*checkpoint-*")} == left, lambda: f"{left} to be left", 30)

    listed = axo(stack, "checkpoints", job_id)
    promoted = [axo(stack, "promote", job_id, PROD), axo(stack, "promote", _name(stack, job_id, 1), PROD)]
    undone = axo(stack, "promote", "--undo", PROD)
    retried = json.loads(axo(stack, "retry", job_id, "--checkpoint", "1", "--json"))

    rows = {line.split()[0]: line for line in listed.splitlines()}
    assert "last" in rows["4"]
    assert "best" in rows["1"]
    assert "gone (keep)" in rows["2"]
    result = _name(stack, job_id, 1).removesuffix(":ckpt-step-1")
    assert [line.split()[-1].rstrip(".") for line in (*promoted, undone)] == [result, f"{result}:ckpt-step-1", result]
    assert stack.wait_for_end(retried["id"], 60)["status"] == "succeeded"
    events = stack.http.get(f"/v1/jobs/{retried['id']}/events").json()["data"]
    assert "Goes on from step 1." in [event["message"] for event in events]


def _name(stack: EmbeddedStack, job_id: str, step: int) -> str:
    found = stack.http.get(f"/v1/jobs/{job_id}/checkpoints").json()["data"]
    name: str = next(one["name"] for one in found if one["step"] == step)
    return name
