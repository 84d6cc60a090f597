"""The helper as the worker starts it: in the trainer's environment, without a GPU, importing only what it needs."""

import os
from pathlib import Path

import axo_grading
from axo_contracts.trainer_plugin import GRADING, HELPER, PLUGIN
from axo_worker import trainer_helper, trainer_plugin
from axo_worker.kept_process import KeptProcess
from axo_worker.settings import Settings
from axo_worker.trainer_environment import absolute, link_packages, trainer_environment

_PACKAGES = {HELPER: trainer_helper, PLUGIN: trainer_plugin, GRADING: axo_grading}


def socket_of(home: Path) -> Path:
    """Return the address of the helper of the worker with this home."""
    return home.absolute() / "helper" / "socket"


def helper_process(settings: Settings) -> KeptProcess:
    """Return the helper, not started yet. It dies with the process that starts it."""
    socket = socket_of(settings.worker_home)
    python_path = link_packages(_PACKAGES, socket.parent / "python")
    environment = {
        **trainer_environment(settings),
        "PYTHONPATH": str(python_path),
        "AXO_WORKER_HOME": str(settings.worker_home.absolute()),
        "AXOLOTL_LOG_LEVEL": "WARNING",
        "ACCELERATE_USE_CPU": "true",
        "CUDA_VISIBLE_DEVICES": "",
        "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
        "OMP_NUM_THREADS": "1",
        "TOKENIZERS_PARALLELISM": "false",  # its threads would not survive the fork
    }
    python = str(absolute(settings.trainer_python))
    return KeptProcess([python, "-m", HELPER, str(socket), str(os.getpid())], environment)
