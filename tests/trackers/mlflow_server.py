"""A real MLflow server on loopback, from an environment of its own."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from tests.installed_once import installed, run
from tests.stack.client import wait_for

from axo_cli.demo.stack import free_port

VERSION = "3.17.2"


class MlflowServer:
    """What MLflow has recorded, by its REST API."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=f"{url}/api/2.0/mlflow", timeout=30)

    def is_up(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def runs(self, experiment: str) -> list[dict[str, Any]]:
        found = self._http.get("/experiments/get-by-name", params={"experiment_name": experiment}).raise_for_status()
        asked = {"experiment_ids": [found.json()["experiment"]["experiment_id"]]}
        runs: list[dict[str, Any]] = self._http.post("/runs/search", json=asked).raise_for_status().json()["runs"]
        return runs

    def steps(self, run_id: str, metric: str) -> list[int]:
        asked = {"run_id": run_id, "metric_key": metric}
        answer = self._http.get("/metrics/get-history", params=asked).raise_for_status()
        return [int(point["step"]) for point in answer.json()["metrics"]]

    def close(self) -> None:
        self._http.close()


@contextlib.contextmanager
def mlflow_server(folder: Path) -> Iterator[MlflowServer]:
    """Run a server whose records are in `folder`."""
    program = installed(f"mlflow-{VERSION}", _install) / "bin" / "mlflow"
    port = free_port()
    where = ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", str(folder / "files")]
    listen = ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    output = folder / "mlflow.txt"
    with output.open("wb") as out:
        process = subprocess.Popen(
            [program, "server", *where, *listen],
            stdout=out,
            stderr=out,
            cwd=folder,
            env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"},
            start_new_session=True,
        )
    server = MlflowServer(f"http://127.0.0.1:{port}")
    try:
        wait_for(server.is_up, lambda: f"MLflow to answer; it said:\n{output.read_text()}", 120)
        yield server
    finally:
        server.close()
        os.killpg(process.pid, signal.SIGKILL)  # its workers too
        process.wait()


def _install(folder: Path) -> None:
    run([sys.executable, "-m", "venv", str(folder)])
    run([str(folder / "bin" / "pip"), "install", "-q", "--no-input", f"mlflow=={VERSION}"])
