"""What a kind of job needs in order to be started."""

from dataclasses import dataclass
from typing import Any

from axo_contracts.orders import RunOrder
from axo_worker.run_folder import RunFolder
from axo_worker.settings import Settings
from axo_worker.trainer_environment import threads, trainer_environment


@dataclass(frozen=True)
class Launch:
    """A command to start in the attempt's folder, its whole environment, and what it needs in the config."""

    command: tuple[str, ...]
    environment: dict[str, str]
    config: dict[str, Any]


def environment_of(order: RunOrder, settings: Settings, runtime: RunFolder) -> dict[str, str]:
    """Return the environment of a run: where it reports, where it looks whether to stop, and which GPUs it sees."""
    gpus = ",".join(str(index) for index in order.gpus)
    return {
        **trainer_environment(settings),
        **({} if order.gpus else {"ACCELERATE_USE_CPU": "true"}),
        "PYTHONPATH": str(runtime.python_path),
        "AXO_RUN": runtime.record.marker,
        "AXO_WORKER_HOME": str(settings.worker_home.absolute()),
        "AXO_REPORTS": str(runtime.reports),
        "AXO_CONTROL": str(runtime.control),
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
        "CUDA_VISIBLE_DEVICES": gpus,
        "OMP_NUM_THREADS": threads(len(order.gpus)),
    }
