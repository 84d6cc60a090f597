"""What this worker is and can do, as the control plane is told."""

import contextlib
import json
import os
import socket
import subprocess
import time
from importlib import metadata
from pathlib import Path

import msgspec

from axo_contracts.resources import Capabilities, WorkerState
from axo_worker.files import publish
from axo_worker.settings import Settings
from axo_worker.telemetry.finding import Found
from axo_worker.trainer_environment import gguf_converter

_PACKAGES = (
    *("axolotl", "torch", "transformers", "accelerate", "peft", "trl", "datasets", "bitsandbytes"),
    *("flash-attn", "deepspeed", "liger-kernel", "vllm", "torchao", "lm-eval"),
    *("wandb", "mlflow", "mlflow-skinny", "tensorboard", "comet-ml", "trackio"),
)
_READ_VERSIONS = """
import json, platform, sys
from importlib import metadata
found = {"python": platform.python_version()}
for name in sys.argv[1:]:
    try:
        found[name] = metadata.version(name)
    except metadata.PackageNotFoundError:
        pass
print(json.dumps(found))
"""
_VERSIONS_SECONDS = 30
_REMEMBERED = "worker.json"


def describe(settings: Settings, boot_id: str, found: Found) -> WorkerState:
    """Return what this worker is, with its trouble where it can't train. Starts the trainer's Python once."""
    trouble = trouble_with_trainer(settings)
    return WorkerState(
        id=settings.worker_id,
        boot_id=boot_id,
        host=socket.gethostname(),
        state="online",
        capabilities=Capabilities(
            gpus=found.driver.gpus(),
            cpu_count=os.cpu_count() or 1,
            memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
            packages={} if trouble else _trainer_packages(settings.trainer_python) | _tools(settings),
            driver=found.driver.version(),
        ),
        version=_own_version(),
        started_at=time.time(),
        trouble=trouble,
        has_helper=settings.has_helper and not trouble,
        gpu_note=found.note,
    )


def remember(state: WorkerState, home: Path) -> None:
    """Keep what this worker is in its home, where its runs read it; on a full disk they do without."""
    with contextlib.suppress(OSError):
        publish(home / _REMEMBERED, msgspec.json.encode(state))


def remembered(home: Path) -> WorkerState | None:
    """Return what the worker of this home has kept of itself, if it could."""
    try:
        return msgspec.json.decode((home / _REMEMBERED).read_bytes(), type=WorkerState)
    except (OSError, msgspec.MsgspecError):
        return None


def trouble_with_trainer(settings: Settings) -> str | None:
    """Return why there is nothing to train with, in one sentence, or None."""
    if settings.trainer_command or os.access(settings.trainer_python, os.X_OK):
        return None
    return f"The trainer's Python is missing: there is no {settings.trainer_python}; set AXO_TRAINER_PYTHON."


def _trainer_packages(python: Path) -> dict[str, str]:
    """Return the versions of what is installed beside `python`, without importing any of it."""
    try:
        printed = subprocess.run(
            [python, "-c", _READ_VERSIONS, *_PACKAGES],
            check=True,
            capture_output=True,
            timeout=_VERSIONS_SECONDS,
        ).stdout
        versions: dict[str, str] = json.loads(printed)
    except (OSError, subprocess.SubprocessError, ValueError):
        return {}
    return versions


def _tools(settings: Settings) -> dict[str, str]:
    converter = gguf_converter(settings)
    return {} if converter is None else {"gguf-converter": converter.name}


def _own_version() -> str:
    try:
        return metadata.version("axo")
    except metadata.PackageNotFoundError:
        return "unknown"
