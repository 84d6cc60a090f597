"""A training under test: a worker's part spoken word by word, with checkpoints that are really on disk."""

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
from tests.api.control_plane import ControlPlane
from tests.api.standin_worker import MOMENT, Run, StandInWorker
from tests.waiting import wait_for

from axo_contracts import storage_paths
from axo_contracts.frames import Metric
from axo_contracts.lifecycle import EndReason
from axo_contracts.outputs import CHECKPOINT_MANIFEST, CheckpointManifest, HashedFile

WEIGHTS = "adapter_model.safetensors"


class Training:
    """One attempt of a job that trains, on a stand-in worker."""

    def __init__(self, plane: ControlPlane, worker: StandInWorker, **spec: Any) -> None:
        self.plane, self.worker = plane, worker
        self.id = plane.submit(**spec)
        self.run: Run = worker.run_next()
        self.model = f"ft:org/model:local::{self.id.removeprefix('ftjob-')}"

    def name(self, step: int) -> str:
        """Return what the checkpoint of a step is called."""
        return f"{self.model}:ckpt-step-{step}"

    def folder(self, step: int) -> Path:
        """Return where the checkpoint of a step lies."""
        attempt = storage_paths.attempt(self.id, self.run.order.attempt)
        return self.plane.storage_root / attempt / storage_paths.OUTPUTS / f"checkpoint-{step}"

    def saves(self, step: int, **values: float | None) -> None:
        """Measure, and leave a whole checkpoint."""
        said: dict[str, Any] = {"attempt": self.run.order.attempt, "seq": len(self.run.lines) + 1, "time": MOMENT}
        measured = {"loss": 1 / step, **values}
        self.run.says(Metric(**said, step=step, max_steps=1000, epoch=None, values=measured))
        write_checkpoint(self.folder(step), step)
        self.run.saves(step)
        self.run.deliver()

    def ends(self, reason: EndReason = EndReason.COMPLETED) -> None:
        """Leave a result, and end."""
        outputs = self.folder(1).parent
        outputs.mkdir(parents=True, exist_ok=True)
        (outputs / WEIGHTS).write_bytes(b"weights")
        self.run.finishes(reason)
        self.plane.wait_for_status(self.id, "succeeded", "failed", "cancelled")

    def checkpoints(self) -> dict[int, dict[str, Any]]:
        """Return the checkpoints as they are listed, by step."""
        return {one["step"]: one for one in self.plane.get(f"/v1/jobs/{self.id}/checkpoints")["data"]}

    def there(self) -> list[int]:
        """Return the steps whose checkpoints are still there."""
        return sorted(step for step, one in self.checkpoints().items() if one["available"])

    def wait_until_there_are(self, *steps: int) -> None:
        """Wait until exactly these checkpoints are left, and their folders."""
        wait_for(lambda: self.there() == [*steps], f"{steps} to be left of {self.id}", 30)


def write_checkpoint(folder: Path, step: int) -> None:
    """Leave what a worker leaves of a checkpoint when it has sealed it."""
    folder.mkdir(parents=True)
    content = f"weights of step {step}".encode()
    (folder / WEIGHTS).write_bytes(content)
    manifest = CheckpointManifest(step, (HashedFile(WEIGHTS, len(content), hashlib.sha256(content).hexdigest()),))
    (folder / CHECKPOINT_MANIFEST).write_bytes(msgspec.json.encode(manifest))


def evaluates(plane: ControlPlane, worker: StandInWorker, model: str, figures: dict[str, Any], **spec: Any) -> str:
    """Have a model evaluated, with what is to come of it, and return the job's id."""
    job_id = submit(plane, kind="evaluate", model=model, datasets=rows_of(plane), **spec)
    run = worker.run_next()
    outputs = plane.storage_root / storage_paths.attempt(job_id, 1) / storage_paths.OUTPUTS
    outputs.mkdir(parents=True)
    (outputs / "evaluation.json").write_text(json.dumps(figures))
    run.finishes()
    plane.wait_for_status(job_id, "succeeded")
    return job_id


def submit(plane: ControlPlane, **spec: Any) -> str:
    """Submit a job of any kind and return its id."""
    answer = plane.http.post("/v1/jobs", json=spec)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def rows_of(plane: ControlPlane) -> list[dict[str, Any]]:
    """Upload a few conversations, and return them as a job's data sets."""
    rows = b'{"messages": [{"role": "user", "content": "2 + 2?"}, {"role": "assistant", "content": "4"}]}\n' * 10
    answer = plane.http.post("/v1/files", files={"file": ("rows.jsonl", rows)}, data={"purpose": "fine-tune"})
    return [{"source": {"type": "file", "file_id": answer.json()["id"]}}]
