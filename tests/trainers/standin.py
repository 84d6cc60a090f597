"""What the stand-in trainers have in common: they report, save and end as the real trainer with our plugin does."""

import json
import os
import struct
import sys
import time
from pathlib import Path
from typing import Any

import yaml

OUTPUTS = Path("outputs")
CONTROL = Path(os.environ["AXO_CONTROL"])


def config() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(Path(sys.argv[1]).read_text())
    return loaded


def report(kind: str, **fields: Any) -> None:
    with Path(os.environ["AXO_REPORTS"]).open("w") as fifo:
        fifo.write(json.dumps({"type": kind, **fields}) + "\n")


def stamp() -> None:
    """Note that this process trains at this moment, for who looks later whether two did at once."""
    if path := os.environ.get("AXO_TEST_STAMPS"):
        line = f"{os.environ['AXO_RUN']} {os.getpid()} {time.monotonic()}\n"
        with Path(path).open("a") as file:
            file.write(line)


def begin(max_steps: int, step: int = 0) -> None:
    report("train_begin", step=step, max_steps=max_steps, world_size=1)


def metric(step: int, max_steps: int, **values: float | None) -> None:
    report("metric", step=step, max_steps=max_steps, epoch=step / max_steps, values=values, non_finite={})


def save_checkpoint(step: int) -> None:
    folder = OUTPUTS / f"checkpoint-{step}"
    folder.mkdir(parents=True)
    write_weights(folder / "adapter_model.safetensors")
    (folder / "trainer_state.json").write_text(json.dumps({"global_step": step}))
    report("save", step=step, path=str(folder))


def write_weights(path: Path) -> None:
    header = json.dumps({"weight": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + b"\0\0\0\0")


def end(step: int, *, stopped: bool = False) -> None:
    report("train_end", step=step, stopped=stopped)
    write_weights(OUTPUTS / "adapter_model.safetensors")


def train(max_steps: int, step_seconds: float, first_step: int = 0, save_steps: int | None = None) -> None:
    """Train to the end, or until the control file asks for a stop; save each `save_steps` steps."""
    begin(max_steps, first_step)
    for step in range(first_step + 1, max_steps + 1):
        stamp()
        time.sleep(step_seconds)
        stamp()
        print(f"step {step}", flush=True)
        metric(step, max_steps, loss=1 / step)
        if CONTROL.exists():
            save_checkpoint(step)
            end(step, stopped=True)
            return
        if save_steps and step % save_steps == 0 and step < max_steps:
            save_checkpoint(step)
    save_checkpoint(max_steps)
    end(max_steps)
