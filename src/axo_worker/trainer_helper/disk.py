"""What a run leaves on disk: counted from the shapes of what is saved, and measured on what can be saved now."""

import io
import json
import math
import random
from pathlib import Path
from typing import Any

import numpy
import torch
from axolotl.utils.dict import DictDefault

from .device import Device
from .memory import optimizer_bytes
from .model_size import ModelSize
from .schedule import Schedule

_FEW_KEYS = 430  # bytes of one entry of trainer_state.json's history, as supervised runs have them
_MANY_KEYS = 635  # and those with rewards
_SCHEDULER = 1465
_ARGUMENTS = 7000  # training_args.bin
_ADAPTER_FILES = 6400  # adapter_config.json and README.md
_MANIFEST = 1600  # axo's own, of a checkpoint
_RUN_FILES = 25_500  # debug.log, config.json and README.md beside the result
_CUDA_STATE = 5000  # of a rank's random numbers


def disk(cfg: DictDefault, size: ModelSize, plan: Schedule, tokenizer: Any, device: Device) -> dict[str, Any]:
    """Return the bytes of a checkpoint, of the result, of all that is left at the end, and of the most on the way."""
    tokenizer_bytes = _saved_size(tokenizer, cfg)
    parts = _checkpoint_parts(cfg, size, plan, tokenizer_bytes, device)
    checkpoint = sum(part["bytes"] for part in parts)
    result = _weights(size.saved, _saved_bytes_each(cfg, size)) + tokenizer_bytes + _RUN_FILES
    if cfg.adapter and cfg.rl in ("dpo", "ipo", "kto"):  # TRL makes the adapter there: base and adapter are saved again
        result += _weights(size.base, size.bytes_each) + _weights(size.saved, _saved_bytes_each(cfg, size))
    saves = checkpoints_made(cfg, plan)
    kept = min(saves, cfg.save_total_limit or 4)
    total = kept * checkpoint + result
    return {
        "checkpoint_bytes": checkpoint,
        "checkpoints_kept": kept,
        "result_bytes": result,
        "total_bytes": total,
        "peak_bytes": total + (checkpoint if saves > kept else 0),  # the oldest goes when the newest is whole
        "parts": parts,
    }


def checkpoints_made(cfg: DictDefault, plan: Schedule) -> int:
    """Return how many checkpoints the run writes: each `save_steps`, or at the end of each epoch, and at its end."""
    if cfg.save_steps:
        steps = math.ceil(plan.steps * cfg.save_steps) if cfg.save_steps < 1 else int(cfg.save_steps)
        return math.ceil(plan.steps / steps)
    return 0 if cfg.save_strategy == "no" else math.ceil(plan.epochs)


def _checkpoint_parts(
    cfg: DictDefault, size: ModelSize, plan: Schedule, tokenizer_bytes: int, device: Device
) -> list[dict[str, Any]]:
    entries = plan.steps // int(cfg.logging_steps or 1) if (cfg.logging_steps or 1) >= 1 else plan.steps
    mean_history = (_MANY_KEYS if cfg.rl else _FEW_KEYS) * entries * (1 + 1 / max(1, checkpoints_made(cfg, plan))) / 2
    few = _SCHEDULER + _ARGUMENTS + _MANIFEST + 700 + (_ADAPTER_FILES if cfg.adapter else 1500)
    parts = [
        _part("weights", _weights(size.saved, _saved_bytes_each(cfg, size)), f"{len(size.saved)} tensors"),
        _part("tokenizer", tokenizer_bytes, "saved and measured"),
    ]
    if not cfg.save_only_model:
        parts += [
            _part("optimizer", _optimizer_file(cfg, size), f"the state of {cfg.optimizer}"),
            _part("random states", device.processes * _random_state(device), "one file a process, saved and measured"),
            _part("history", round(mean_history), f"{entries} logged steps, half of them in a mean checkpoint"),
        ]
    return [*parts, _part("small files", few, "scheduler, arguments, configs, manifest")]


def _weights(shapes: dict[str, tuple[int, ...]], bytes_each: int) -> int:
    """Return the size of a safetensors file: eight bytes, a JSON header, the numbers."""
    header, at = {"__metadata__": {"format": "pt"}}, 0
    for name, shape in shapes.items():
        end = at + math.prod(shape) * bytes_each
        header[name] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [at, end]}  # type: ignore[dict-item]
        at = end
    return 8 + len(json.dumps(header, separators=(",", ":"))) + at


def _saved_bytes_each(cfg: DictDefault, size: ModelSize) -> int:
    return size.trained_bytes_each if cfg.adapter else size.bytes_each


def _optimizer_file(cfg: DictDefault, size: ModelSize) -> int:
    """Return the size of optimizer.pt: its numbers, and what torch writes around so many tensors."""
    name = str(cfg.optimizer)
    tensors = {"step": torch.zeros(()), "exp_avg": torch.zeros(1), "exp_avg_sq": torch.zeros(1)}
    if name == "sgd":
        tensors = {}
    numbers = {
        "state": {index: {key: value.clone() for key, value in tensors.items()} for index in range(len(size.trained))}
    }
    return _torch_size(numbers) + optimizer_bytes(name, size)


def _random_state(device: Device) -> int:
    states = {"python": random.getstate(), "numpy": numpy.random.get_state(), "cpu": torch.random.get_rng_state()}
    return _torch_size(states) + (_CUDA_STATE if device.gpus else 0)


def _torch_size(value: Any) -> int:
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getbuffer().nbytes


def _saved_size(tokenizer: Any, cfg: DictDefault) -> int:
    folder = Path("tokenizer")
    tokenizer.save_pretrained(str(folder), save_jinja_files=cfg.tokenizer_save_jinja_files)
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _part(part: str, size: int, rests_on: str) -> dict[str, Any]:
    return {"part": part, "bytes": int(size), "rests_on": rests_on}
