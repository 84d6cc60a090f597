"""Which trackers a config turns on, and whether their packages are in this environment. Standard library only.

As a program it prints the names of those that are missing, of those that it is given.
"""

import sys
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from typing import Any, NamedTuple


class Tracker(NamedTuple):
    """A tracker that Axolotl knows: either of two keys turns it on, and any of its modules will do."""

    title: str
    use_key: str
    naming_key: str | None
    modules: tuple[str, ...]
    package: str


TRACKERS = {
    "wandb": Tracker("Weights & Biases", "use_wandb", "wandb_project", ("wandb",), "wandb"),
    "mlflow": Tracker("MLflow", "use_mlflow", "mlflow_experiment_name", ("mlflow",), "mlflow-skinny"),
    "tensorboard": Tracker("TensorBoard", "use_tensorboard", None, ("tensorboard", "tensorboardX"), "tensorboard"),
    "comet": Tracker("Comet", "use_comet", "comet_project_name", ("comet_ml",), "comet_ml"),
    "trackio": Tracker("Trackio", "use_trackio", "trackio_project_name", ("trackio",), "trackio"),
}


def turned_on(config: Mapping[str, Any]) -> list[str]:
    """Return the trackers that Axolotl would use by `config`."""
    keys = {name: (tracker.use_key, tracker.naming_key) for name, tracker in TRACKERS.items()}
    return [name for name, (use, naming) in keys.items() if config.get(use) or (naming and config.get(naming))]


def missing(names: Iterable[str]) -> list[str]:
    """Return those whose package is not in this environment."""
    return [name for name in names if not any(find_spec(module) for module in TRACKERS[name].modules)]


def lacking(name: str) -> str:
    """Return a sentence on a tracker whose package is missing."""
    tracker = TRACKERS[name]
    return f"The trainer's environment lacks {tracker.title}: add the package {tracker.package} to the worker's image."


if __name__ == "__main__":
    print(*missing(sys.argv[1:]))
