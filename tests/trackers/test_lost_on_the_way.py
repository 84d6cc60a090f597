"""A tracker that goes away while a training runs does not end it."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.trackers.mlflow_server import mlflow_server

from axo_worker import trainer_plugin

TRAINER_PYTHON = os.environ.get("AXO_TRAINER_PYTHON", "")
PROGRAM = Path(__file__).parent / "programs" / "loses_mlflow.py"

pytestmark = [
    pytest.mark.trainer,
    pytest.mark.skipif(not TRAINER_PYTHON, reason="AXO_TRAINER_PYTHON names no Python with Axolotl"),
]


def test_an_mlflow_that_dies_is_reported_and_the_training_goes_on(tmp_path: Path) -> None:
    (tmp_path / "axo_trainer_plugin").symlink_to(Path(str(trainer_plugin.__file__)).parent)
    quick = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with mlflow_server(tmp_path) as server:
        process = subprocess.Popen(
            [TRAINER_PYTHON, PROGRAM],
            env={**os.environ, **quick, "MLFLOW_TRACKING_URI": server.url, "PYTHONPATH": str(tmp_path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout
        begun = _report(process.stdout.readline())
    rest, _ = process.communicate("the server is gone\n", 240)

    assert (begun["type"], begun["name"]) == ("tracker", "MLflow")
    lost, trained = map(_report, rest.splitlines())
    assert (lost["type"], lost["name"], trained["type"]) == ("tracker_lost", "MLflow", "trained")
    assert process.returncode == 0


def _report(line: str) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(line)
    return report
