"""Jobs for the real Axolotl on a CPU, of a few dozen short steps, and what came of them."""

import hashlib
import json
import struct
from pathlib import Path
from typing import Any

from tests.stack.client import ServiceClient

REAL_TRAINER = {
    "HF_HUB_OFFLINE": "1",
    "AXO_TRAINER_COMMAND": "[]",
    "AXO_TRAINER_HELPER": "false",
    "AXO_SERVING": "false",
    "AXO_LEASE_SECONDS": "6",
}


def sft(client: ServiceClient, model: Path, max_steps: int) -> dict[str, Any]:
    """Return the spec of a supervised fine-tuning."""
    rows = [json.loads(line) for line in (model / "train.jsonl").read_text().splitlines()]
    return _spec(client, model, max_steps, rows)


def dpo(client: ServiceClient, model: Path, max_steps: int) -> dict[str, Any]:
    """Return the spec of a preference optimization."""
    rows = [
        {
            "messages": [{"role": "user", "content": f"What comes after {number}?"}],
            "chosen": {"role": "assistant", "content": f"After {number} comes {number + 1}."},
            "rejected": {"role": "assistant", "content": f"{number - 1}, as everybody knows."},
        }
        for number in range(64)
    ]
    return {**_spec(client, model, max_steps, rows), "method": {"type": "dpo"}}


def said_of_steps(client: ServiceClient, job_id: str) -> dict[int, list[dict[str, float]]]:
    """Return what the trainers said of each step: its loss, and all else but how long it took."""
    said: dict[int, list[dict[str, float]]] = {}
    for event in client.stream(job_id):
        if event["type"] == "metric" and "loss" in event["values"]:
            values = {name: value for name, value in event["values"].items() if _is_of_the_training(name)}
            said.setdefault(event["step"], []).append(values)
    return said


def tensors_of(storage: Path, job: dict[str, Any]) -> dict[str, str]:
    """Return the SHA-256 of each tensor of a job's adapter, by name."""
    content = (storage / job["result"]["path"] / "adapter_model.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    data = content[8 + length :]
    header.pop("__metadata__", None)
    return {name: hashlib.sha256(data[slice(*tensor["data_offsets"])]).hexdigest() for name, tensor in header.items()}


def _spec(client: ServiceClient, model: Path, max_steps: int, rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "base_model": str(model / "model"),
        "datasets": [{"source": {"type": "file", "file_id": client.upload(rows)}}],
        "adapter": {"type": "lora", "lora_r": 8, "lora_dropout": 0.05},
        "hyperparameters": {
            "max_steps": max_steps,
            "num_epochs": 1000,
            "micro_batch_size": 2,
            "gradient_accumulation_steps": 2,
            "learning_rate": 0.001,
            "sequence_len": 128,
            "save_steps": 4,
            "save_total_limit": 2,
        },
        "resources": {"gpus": 0, "precision": "fp32", "attention": "sdpa"},
    }


def _is_of_the_training(name: str) -> bool:
    return not any(word in name for word in ("time", "runtime", "per_second", "memory", "tokens", "throughput", "ppl"))
