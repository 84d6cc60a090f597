"""Training: `accelerate launch -m axolotl.cli.train`, in an environment that holds no secret of the service."""

from pathlib import Path
from typing import Any

from axo_contracts import storage_paths
from axo_contracts.orders import RunOrder
from axo_contracts.trainer_plugin import PLUGIN
from axo_worker.kinds.launch import Launch, environment_of
from axo_worker.run_folder import RunFolder
from axo_worker.settings import Settings
from axo_worker.trackers import tracking
from axo_worker.trainer_environment import absolute


def launch(order: RunOrder, settings: Settings, runtime: RunFolder, resume_from: Path | None) -> Launch:
    """Return how the order's training is started; `resume_from` is the checkpoint that it goes on from.

    Raises `RunFailed` for a tracker that cannot be used here.
    """
    environment = environment_of(order, settings, runtime)
    if order.recorded_step is not None:
        environment["AXO_RECORDED_STEP"] = str(order.recorded_step)
    trackers = tracking(order, settings, environment)
    config: dict[str, Any] = {"plugins": plugins(order), **trackers.config}
    if resume_from is not None:
        config["resume_from_checkpoint"] = str(resume_from)
    launcher = settings.trainer_command or _accelerate(settings.trainer_python, gpus=len(order.gpus))
    return Launch((*launcher, storage_paths.CONFIG), environment | trackers.environment, config)


def plugins(order: RunOrder) -> list[str]:
    """Return the plugins that Axolotl is to load: the config's own, and ours."""
    return [*order.config.get("plugins", []), f"{PLUGIN}.plugin.AxoPlugin"]


def _accelerate(trainer_python: Path, *, gpus: int) -> tuple[str, ...]:
    if gpus == 0:
        device = ["--cpu", "--num_processes", "1"]
    elif gpus == 1:
        device = ["--num_processes", "1"]
    else:
        device = ["--multi_gpu", "--num_processes", str(gpus), "--main_process_port", "0"]
    options = ["--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no"]
    return (str(absolute(trainer_python).parent / "accelerate-launch"), *device, *options, "-m", "axolotl.cli.train")
