"""Everything beside training: one process in the trainer's environment, on one GPU or on the CPU."""

import json
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from axo_contracts import storage_paths
from axo_contracts.orders import RunOrder
from axo_contracts.trainer_plugin import TASKS
from axo_worker.kinds.launch import Launch, environment_of
from axo_worker.run_folder import RunFolder
from axo_worker.settings import Settings
from axo_worker.trainer_environment import absolute


def launch(order: RunOrder, settings: Settings, runtime: RunFolder) -> Launch:
    """Return how the order's task is started."""
    command = (str(absolute(settings.trainer_python)), "-m", TASKS, storage_paths.CONFIG)
    return Launch(command, environment_of(order, settings, runtime), {})


def missing_file(outputs: Path, names: tuple[str, ...]) -> str | None:
    """Return what is wrong with the files that a task was to leave, or None when they are there and readable."""
    return next((problem for name in names for problem in _problems(outputs / name)), None)


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
