"""Run the task that a config describes: `python -m axo_tasks CONFIG`. A kind is the module of its name."""

import os
import sys
from importlib import import_module
from pathlib import Path

import yaml
from axo_trainer_plugin.reporter import Reporter

from .run import Run, Stopped


def main(config_file: Path) -> None:
    """Run the task, and say how it ended: by itself, or because it was asked to stop."""
    config = yaml.safe_load(config_file.read_text(encoding="utf-8"))
    control = os.environ.get("AXO_CONTROL")
    run = Run(config, Reporter(os.environ.get("AXO_REPORTS")), Path(control) if control else None)
    kind = import_module(f".{config['kind']}", __package__)  # only what it needs: seconds are in it
    if (torch := sys.modules.get("torch")) is not None:
        torch.manual_seed(config["seed"])
    try:
        kind.run(run)
    except Stopped:
        run.end(stopped=True)
    else:
        run.end(stopped=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
