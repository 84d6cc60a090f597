"""A job that has ended, as its worker and the recorder would have left it, on a control plane that runs nothing."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Table, create_engine, delete, insert, update
from tests.api_process import ApiProcess

from axo_api.clock import now
from axo_api.tables import checkpoints, files, job_events, jobs, notices
from axo_contracts import storage_paths
from axo_contracts.ids import CHECKPOINT, new_id
from axo_contracts.outputs import CHECKPOINT_MANIFEST
from axo_contracts.storage_paths import OUTPUTS

ROWS = b'{"messages": [{"role": "user", "content": "2 + 2?"}, {"role": "assistant", "content": "4"}]}\n' * 4
JOURNAL = (
    b'{"type":"status","event":1,"attempt":0,"time":"2026-01-01T00:00:00Z","status":"queued","message":""}\n'
    b'{"type":"log","attempt":1,"seq":1,"time":"2026-01-01T00:00:01Z","text":"hello"}\n'
    b'{"type":"metric","attempt":1,"seq":2,"time":"2026-01-01T00:00:02Z","step":1,"max_steps":1,"epoch":1.0,'
    b'"values":{"loss":0.5}}\n'
    b'{"type":"status","event":2,"attempt":1,"time":"2026-01-01T00:00:03Z","status":"succeeded","message":""}\n'
    b'{"type":"end","event":2,"time":"2026-01-01T00:00:03Z","status":"succeeded","message":""}\n'
)


class EndedJob:
    """A job of a control plane without a worker: what it has left is what the test says."""

    def __init__(self, api: ApiProcess, *, days_ago: float = 100.0, **spec: Any) -> None:
        self.api = api
        self.id = api.submit(**spec)
        self.becomes(status="succeeded", attempt=1, result_attempt=1, ended_at=now() - timedelta(days=days_ago))
        self.change(job_events, journaled=True, published=True)
        self.outputs = api.storage_root / storage_paths.attempt(self.id, 1) / OUTPUTS
        self.outputs.mkdir(parents=True)
        (self.outputs / "model.safetensors").write_bytes(b"weights")
        self.journal = api.storage_root / storage_paths.journal(self.id)
        self.journal.write_bytes(JOURNAL)
        self.inputs = self.outputs.parent / storage_paths.INPUTS
        self.inputs.mkdir()
        (self.inputs / "rows.jsonl").write_bytes(ROWS)

    @property
    def folder(self) -> Path:
        return self.api.storage_root / storage_paths.job(self.id)

    @property
    def model(self) -> str:
        """The name of what it has trained."""
        models = self.api.http.get("/v1/models").json()["data"]
        return next(str(found["id"]) for found in models if found["id"].endswith(self.id.partition("-")[2]))

    def becomes(self, **columns: Any) -> None:
        """Change the job's row."""
        self._execute(update(jobs).where(jobs.c.id == self.id).values(columns))

    def change(self, table: Table, **columns: Any) -> None:
        """Change the job's rows in a table."""
        self._execute(update(table).where(table.c.job_id == self.id).values(columns))

    def keep_checkpoint(self, step: int) -> Path:
        """Leave a checkpoint, and return its folder."""
        folder = self.outputs / f"checkpoint-{step}"
        folder.mkdir()
        (folder / "model.safetensors").write_bytes(bytes(1000))
        (folder / CHECKPOINT_MANIFEST).write_text("{}")
        row = {"id": new_id(CHECKPOINT), "job_id": self.id, "attempt": 1, "step": step, "created_at": now()}
        self._execute(insert(checkpoints).values(**row, path=f"{OUTPUTS}/checkpoint-{step}", bytes=1000))
        return folder

    def name(self, alias: str, step: int | None = None) -> None:
        """Have an alias stand for the job's result, or for a checkpoint; the world has been told."""
        answer = self.api.http.put(f"/v1/models/{alias}", json={"job_id": self.id, "step": step})
        assert answer.status_code == 200, answer.text
        self._execute(delete(notices).where(notices.c.job_id == self.id))

    def checkpoint_id(self, step: int) -> str:
        """Return the id of the checkpoint of a step."""
        found = self.api.http.get(f"/v1/jobs/{self.id}/checkpoints").json()["data"]
        return next(str(checkpoint["id"]) for checkpoint in found if checkpoint["step"] == step)

    def steps(self) -> set[int]:
        """Return the steps of the checkpoints that are there."""
        found = self.api.http.get(f"/v1/jobs/{self.id}/checkpoints").json()["data"]
        return {checkpoint["step"] for checkpoint in found if checkpoint["removed_at"] is None}

    def _execute(self, statement: Any) -> None:
        engine = create_engine(self.api.database_url)
        with engine.begin() as connection:
            connection.execute(statement)
        engine.dispose()


def upload(api: ApiProcess, *, days_ago: float | None = None) -> str:
    """Upload rows, as if so long ago, and return the file's id."""
    answer = api.http.put("/v1/files", content=ROWS, params={"filename": "rows.jsonl"})
    assert answer.status_code == 201, answer.text
    file_id = str(answer.json()["id"])
    if days_ago is not None:
        engine = create_engine(api.database_url)
        with engine.begin() as connection:
            old = now() - timedelta(days=days_ago)
            connection.execute(update(files).where(files.c.id == file_id).values(created_at=old))
        engine.dispose()
    return file_id


def content_of(api: ApiProcess, file_id: str) -> Path:
    """Return where the content of a file lies."""
    return api.storage_root / storage_paths.uploaded_file(file_id)


def error_of(answer: httpx.Response, status: int) -> dict[str, Any]:
    """Return the refusal that an answer is."""
    assert answer.status_code == status, answer.text
    error: dict[str, Any] = json.loads(answer.text)["error"]
    return error


def axo(api: ApiProcess, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of `axo` against a control plane."""
    command = [sys.executable, "-m", "axo_cli", *arguments, "--url", api.url]
    environment = {**os.environ, "COLUMNS": "400"}
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)
