"""Everything beside training: one process in the trainer's environment, on one GPU or on the CPU."""

import json
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from axo_contracts import storage_paths
from axo_contracts.orders import RunOrder
from axo_contracts.trainer_plugin import TASKS
from axo_worker.kinds.launch import Launch, environment_of
from axo_worker.run_folder import RunFolder
from axo_worker.settings import Settings
from axo_worker.trainer_environment import absolute, gguf_converter

GGUF = "model.gguf"


def launch(order: RunOrder, settings: Settings, runtime: RunFolder, config: dict[str, Any] | None = None) -> Launch:
    """Return how the order's task is started, with `config` beside the order's own."""
    command = (str(absolute(settings.trainer_python)), "-m", TASKS, storage_paths.CONFIG)
    programs = {"AXO_GGUF_CONVERTER": gguf_converter(settings), "AXO_LM_EVAL_TASKS": settings.lm_eval_tasks}
    named = {name: str(absolute(path)) for name, path in programs.items() if path is not None}
    return Launch(command, environment_of(order, settings, runtime) | named, config or {})


def missing_file(outputs: Path, names: tuple[str, ...]) -> str | None:
    """Return what is wrong with the files that a task was to leave, or None when they are there and readable."""
    return next((problem for name in names for problem in _problems(outputs / name)), None)


def missing_data(folder: Path) -> str | None:
    """Return what is wrong with the prepared data in `folder`, or None when it is there and complete."""
    whole = [found.parent for found in folder.glob("*/state.json")]
    if not whole:
        return "no data was prepared"
    return next((problem for found in whole if (problem := missing_file(found, ("dataset_info.json",)))), None)


def missing_gguf(path: Path) -> str | None:
    """Return what is wrong with the GGUF file at `path`, or None when it begins as one."""
    try:
        with path.open("rb") as file:
            is_gguf = file.read(4) == b"GGUF"
    except OSError:
        return f"{path.name} was not written"
    return None if is_gguf else f"{path.name} is no GGUF file"


def _problems(path: Path) -> Iterator[str]:
    try:
        last = _last_line(path) if path.suffix == ".jsonl" else path.read_bytes()
        json.loads(last)
    except FileNotFoundError:
        yield f"{path.name} was not written"
    except (OSError, ValueError) as error:
        yield f"{path.name} can't be read: {error}"


def _last_line(path: Path) -> bytes:
    with path.open("rb") as file:
        return next(iter(deque(file, maxlen=1)), b"")
