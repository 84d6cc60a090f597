"""A run that was killed, paused and stopped ends as the one that never was: the same losses, the same adapter."""

import hashlib
import json
import os
import random
import secrets
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.stack.embedded import TRAINERS, EmbeddedStack

TRAINER_PYTHON = os.environ.get("AXO_TRAINER_PYTHON", "")
SEED = os.environ.get("AXO_FAULTS_SEED") or secrets.token_hex(4)
MAX_STEPS = 240

pytestmark = [
    pytest.mark.trainer,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not TRAINER_PYTHON, reason="AXO_TRAINER_PYTHON names no Python with Axolotl"),
]

FIVE_KILLS = ("horse", "guard", "slot", "agent", "api", "pause", "horse", "stop")


@pytest.mark.parametrize(
    ("method", "troubles"),
    [
        pytest.param("sft", ("horse", "pause", "agent"), id="sft"),
        pytest.param("sft", FIVE_KILLS, id="sft-five-kills", marks=pytest.mark.faults_long),
        pytest.param("dpo", FIVE_KILLS, id="dpo-five-kills", marks=pytest.mark.faults_long),
    ],
)
def test_a_troubled_run_has_the_same_losses_and_the_same_adapter(
    start_stack: Callable[..., EmbeddedStack], tmp_path: Path, method: str, troubles: tuple[str, ...]
) -> None:
    chance = random.Random(SEED)
    print(f"AXO_FAULTS_SEED={SEED}")
    model = _tiny_model(tmp_path / "tiny")
    stack = start_stack(trainer=None, AXO_STOP_GRACE_SECONDS="20", HF_HUB_OFFLINE="1")
    spec = _spec(stack, model, method)
    undisturbed = stack.submit(spec)
    assert stack.wait_for_end(undisturbed, 120)["status"] == "succeeded"

    troubled = stack.submit(spec)
    part = MAX_STEPS // (len(troubles) + 1)
    for number, trouble in enumerate(troubles, start=1):
        stack.wait_for_step(troubled, number * part - chance.randrange(part // 2), 120)
        _make(trouble, stack, troubled)
    job = stack.wait_for_end(troubled, 120)

    assert job["status"] == "succeeded", job
    assert job["attempt"] >= 1 + len([trouble for trouble in troubles if trouble != "api"])
    assert _losses(stack, troubled) == _losses(stack, undisturbed)
    assert _adapter(stack, troubled) == _adapter(stack, undisturbed)


def _make(trouble: str, stack: EmbeddedStack, job_id: str) -> None:
    match trouble:
        case "pause":
            stack.http.post(f"/v1/jobs/{job_id}/pause").raise_for_status()
            stack.wait_for_status(job_id, "paused", seconds=60)
            stack.http.post(f"/v1/jobs/{job_id}/resume").raise_for_status()
        case "stop":
            stack.stop()
            stack.start_again()
        case _:
            stack.process_of(trouble).kill()
            stack.wait_until_ready()


def _tiny_model(folder: Path) -> Path:
    make = [TRAINER_PYTHON, str(TRAINERS / "make_tiny_model.py"), str(folder), "64"]
    subprocess.run(make, check=True, env={**os.environ, "HF_HUB_OFFLINE": "1"})
    return folder / "model"


def _spec(stack: EmbeddedStack, model: Path, method: str) -> dict[str, Any]:
    rows = [json.loads(line) for line in (model.parent / "train.jsonl").read_text().splitlines()]
    if method == "dpo":
        rows = [_preference(row["messages"], rows[number - 1]["messages"][-1]) for number, row in enumerate(rows)]
    return {
        "base_model": str(model),
        "datasets": [{"source": {"type": "file", "file_id": stack.upload(rows)}}],
        "method": {"type": method},
        "adapter": {"type": "lora", "lora_r": 8, "lora_dropout": 0.1},
        "resources": {"precision": "fp32"},
        "hyperparameters": {
            "num_epochs": 100,
            "max_steps": MAX_STEPS,
            "save_steps": 5,
            "learning_rate": 1e-3,
            "sequence_len": 128,
            "gradient_accumulation_steps": 1,
        },
    }


def _preference(messages: list[dict[str, str]], other: dict[str, str]) -> dict[str, Any]:
    return {"messages": messages[:-1], "chosen": messages[-1], "rejected": other}


def _losses(stack: EmbeddedStack, job_id: str) -> dict[int, float]:
    points = stack.http.get(f"/v1/jobs/{job_id}/metrics", params={"names": "loss", "limit": 1000}).json()["data"]
    losses = {point["step"]: point["values"]["loss"] for point in points}
    assert sorted(losses) == list(range(1, MAX_STEPS + 1))
    return losses


def _adapter(stack: EmbeddedStack, job_id: str) -> str:
    """Return the hash of the adapter's tensors, names and shapes included."""
    path = stack.storage / stack.job(job_id)["result"]["path"] / "adapter_model.safetensors"
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    header.pop("__metadata__", None)
    return hashlib.sha256(json.dumps(header, sort_keys=True).encode() + content[8 + length :]).hexdigest()
