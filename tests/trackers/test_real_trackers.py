"""One job of the real Axolotl, killed on the way, in W&B (offline), MLflow (a real server) and TensorBoard at once."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.stack.embedded import TRAINERS, EmbeddedStack, wait_for
from tests.trackers.mlflow_server import mlflow_server

from axo_cli.demo.stack import free_port

TRAINER_PYTHON = os.environ.get("AXO_TRAINER_PYTHON", "")
PROGRAMS = Path(__file__).parent / "programs"
STEPS = 12
SECONDS = 400  # for what takes 20 s of a core

pytestmark = [
    pytest.mark.trainer,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not TRAINER_PYTHON, reason="AXO_TRAINER_PYTHON names no Python with Axolotl"),
]


def test_a_killed_and_resumed_job_is_one_run_in_each_tracker(
    start_stack: Callable[..., EmbeddedStack], tmp_path: Path
) -> None:
    make = [TRAINER_PYTHON, str(TRAINERS / "make_tiny_model.py"), str(tmp_path / "made"), "64"]
    subprocess.run(make, check=True, env={**os.environ, "HF_HUB_OFFLINE": "1"})
    with mlflow_server(tmp_path) as mlflow:
        stack = start_stack(
            trainer=None,
            AXO_ALLOWED_ROOTS=json.dumps([str(tmp_path)]),
            AXO_TRACKER_ADDRESSES=json.dumps([mlflow.url]),
            AXO_LEASE_SECONDS="15",
            HF_HUB_OFFLINE="1",
        )
        stack.model = tmp_path / "made" / "model"
        job_id = stack.submit(_spec(stack, mlflow.url))

        wait_for(lambda: _checkpoints(stack, job_id), lambda: "the first checkpoint", SECONDS)
        stack.process_of("horse").kill()
        job = stack.wait_for_end(job_id, seconds=SECONDS)

        assert (job["status"], job["attempt"]) == ("succeeded", 2), job
        [run] = mlflow.runs("axo")
        assert run["info"]["status"] == "FINISHED"
        assert run["info"]["run_name"] == "tracked"
        assert {"key": "axo_job", "value": job_id} in run["data"]["tags"]
        assert set(mlflow.steps(run["info"]["run_id"], "loss")) == set(range(1, STEPS + 1))
        log = stack.http.get(f"/v1/jobs/{job_id}/logs").text
        assert f"MLflow shows this run as {run['info']['run_id']}: {mlflow.url}" in log

    outputs = [stack.storage / "jobs" / job_id / "attempts" / str(attempt) / "outputs" for attempt in (1, 2)]
    _, last = [next(folder.glob(f"wandb/offline-run-*-{job_id}/run-{job_id}.wandb")) for folder in outputs]
    read = _read("reads_wandb.py", last)  # a trainer that was killed may not have written all of its own
    assert (read["id"], read["steps"][-1]) == (job_id, STEPS)
    assert {"axo", job_id, "tiny"} <= set(read["tags"])
    assert _read("reads_event_files.py", outputs[1] / "tensorboard")[-1] == STEPS
    _see_in_tensorboard(stack, job_id)


def test_an_mlflow_that_nobody_runs_fails_the_job_with_a_code_of_its_own(
    start_stack: Callable[..., EmbeddedStack], tmp_path: Path
) -> None:
    make = [TRAINER_PYTHON, str(TRAINERS / "make_tiny_model.py"), str(tmp_path / "made"), "64"]
    subprocess.run(make, check=True, env={**os.environ, "HF_HUB_OFFLINE": "1"})
    nobody = f"http://127.0.0.1:{free_port()}"
    stack = start_stack(
        trainer=None,
        AXO_ALLOWED_ROOTS=json.dumps([str(tmp_path)]),
        AXO_TRACKER_ADDRESSES=json.dumps([nobody]),
        HF_HUB_OFFLINE="1",
        MLFLOW_HTTP_REQUEST_MAX_RETRIES="0",
    )
    stack.model = tmp_path / "made" / "model"

    job_id = stack.submit(stack.spec(integrations=[{"type": "mlflow", "experiment": "axo", "tracking_uri": nobody}]))
    job = stack.wait_for_end(job_id, seconds=SECONDS)

    assert job["error"]["code"] == "tracker_unavailable", job
    assert "MLflow" in job["error"]["message"]


def _checkpoints(stack: EmbeddedStack, job_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stack.http.get(f"/v1/jobs/{job_id}/checkpoints").json()["data"]
    return found


def _spec(stack: EmbeddedStack, mlflow: str) -> dict[str, Any]:
    return stack.spec(
        name="tracked",
        hyperparameters={"max_steps": STEPS, "save_steps": 3, "logging_steps": 1, "sequence_len": 64},
        integrations=[
            {"type": "wandb", "project": "axo", "mode": "offline", "tags": ["tiny"]},
            {"type": "mlflow", "experiment": "axo", "tracking_uri": mlflow},
            {"type": "tensorboard"},
        ],
    )


def _read(program: str, path: Path) -> Any:
    done = subprocess.run([TRAINER_PYTHON, PROGRAMS / program, path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def _see_in_tensorboard(stack: EmbeddedStack, job_id: str) -> None:
    """See all steps of both attempts as one run, in the TensorBoard that the command starts."""
    port = free_port()
    command = [sys.executable, "-m", "axo_cli", "tensorboard", job_id, "--url", stack.url, "--port", str(port)]
    process = subprocess.Popen(command)
    asked = {"tag": "train/loss", "run": job_id}

    def last_step() -> bool:
        try:
            answer = httpx.get(f"http://127.0.0.1:{port}/data/plugin/scalars/scalars", params=asked)
        except httpx.TransportError:
            return False
        return answer.status_code == 200 and answer.json()[-1][1] == STEPS

    wait_for(last_step, lambda: "TensorBoard to show the last step", 120)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
