"""How each kind of job is run. A new kind: its file here, and its name in `launch_of`."""

from pathlib import Path

from axo_contracts.orders import RunOrder
from axo_worker.kinds import train
from axo_worker.kinds.launch import Launch
from axo_worker.run_folder import RunFolder
from axo_worker.settings import Settings

__all__ = ["Launch", "launch_of"]


def launch_of(order: RunOrder, settings: Settings, runtime: RunFolder, resume_from: Path | None) -> Launch:
    """Return how the order's trainer is started."""
    match order.kind:
        case "train":
            return train.launch(order, settings, runtime, resume_from)
