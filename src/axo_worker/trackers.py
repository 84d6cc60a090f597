"""What a run's trackers need of the worker: their keys, one run over all attempts, files among the outputs."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axo_contracts.lifecycle import EndReason
from axo_contracts.orders import RunOrder
from axo_contracts.storage_paths import OUTPUTS
from axo_contracts.trainer_plugin import SECTION, TRACKERS
from axo_worker.failures import RunFailed, sentence_with
from axo_worker.settings import Settings
from axo_worker.trainer_helper import tracker_packages
from axo_worker.trainer_helper.tracker_packages import lacking, turned_on

WANDB_CLOUD = "https://api.wandb.ai"
_MLFLOW_KEYS = ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN")
_MLFLOW_TLS = ("MLFLOW_TRACKING_INSECURE_TLS", "MLFLOW_TRACKING_SERVER_CERT_PATH")
_NAMES = {"wandb": "wandb_name", "mlflow": "mlflow_run_name", "trackio": "trackio_run_name"}
_LOOK_SECONDS = 30


@dataclass(frozen=True)
class Tracking:
    """What a run's trackers add to its environment and to its config."""

    environment: dict[str, str] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)


def tracking(order: RunOrder, settings: Settings, passed: Mapping[str, str]) -> Tracking:
    """Return what the order's trackers need beside the environment that is `passed` to any trainer.

    Raises `RunFailed` where a package, a key or an address is not there: the tracker would ask for it, or hang.
    """
    on = turned_on(order.config)
    if not on:
        return Tracking()
    if not settings.trainer_command:
        _check_packages(settings.trainer_python, on)
    section = order.config.get(SECTION) or {}
    more: Mapping[str, Any] = section.get(TRACKERS) or {}
    host = {**os.environ, **passed}
    environment: dict[str, str] = {}
    for name in on:
        environment |= _SET_UP[name](order, more.get(name) or {}, host)
    return Tracking(environment, _named(order, on))


def _check_packages(python: Path, on: list[str]) -> None:
    command = [str(python), str(Path(str(tracker_packages.__file__))), *on]
    try:
        run = subprocess.run(command, check=True, capture_output=True, text=True, timeout=_LOOK_SECONDS)
    except (OSError, subprocess.SubprocessError):  # the trainer's own start says what is wrong with it
        return
    if absent := run.stdout.split():
        raise _unavailable(" ".join(map(lacking, absent)))


def _named(order: RunOrder, on: list[str]) -> dict[str, Any]:
    """Return the names of runs that have none: the job's id."""
    keys = [_NAMES[name] for name in on if name in _NAMES]
    named: dict[str, Any] = {key: order.job_id for key in keys if not order.config.get(key)}
    given = order.config.get("comet_experiment_config") or {}
    if "comet" in on and not given.get("name"):
        named["comet_experiment_config"] = {**given, "name": order.job_id}
    return named


def _wandb(order: RunOrder, more: Mapping[str, Any], host: Mapping[str, str]) -> dict[str, str]:
    own = host.get("WANDB_BASE_URL") or WANDB_CLOUD
    address = more.get("base_url") or own
    mode = order.config.get("wandb_mode") or host.get("WANDB_MODE") or "online"
    environment = {
        "WANDB_BASE_URL": address,
        "WANDB_MODE": mode,
        "WANDB_RUN_ID": order.job_id,
        "WANDB_RESUME": "allow",
        "WANDB_TAGS": ",".join(["axo", order.job_id, *more.get("tags", [])]),
        "WANDB_ERROR_REPORTING": "false",
        "WANDB_INIT_TIMEOUT": "60",
        "WANDB_FINISH_TIMEOUT": "120",  # a server that went away would hold the worker for days
    }
    if group := more.get("group"):
        environment["WANDB_RUN_GROUP"] = group
    if mode == "offline":
        environment["WANDB_DIR"] = OUTPUTS
    elif mode == "online":
        environment["WANDB_API_KEY"] = _key("Weights & Biases", "WANDB_API_KEY", address, own, host)
    return environment


def _mlflow(order: RunOrder, more: Mapping[str, Any], host: Mapping[str, str]) -> dict[str, str]:
    own = host.get("MLFLOW_TRACKING_URI")
    address = order.config.get("mlflow_tracking_uri") or own
    if not address:
        raise _unavailable("MLflow has no address: name a tracking_uri, or set MLFLOW_TRACKING_URI on the worker.")
    keys = (*_MLFLOW_KEYS, *_MLFLOW_TLS) if own and _same(address, own) else _MLFLOW_TLS
    return {
        "MLFLOW_TRACKING_URI": address,
        "MLFLOW_TAGS": json.dumps({**more.get("tags", {}), "axo_job": order.job_id}),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": host.get("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3"),
        "MLFLOW_HTTP_REQUEST_TIMEOUT": host.get("MLFLOW_HTTP_REQUEST_TIMEOUT", "20"),
        **{name: host[name] for name in keys if name in host},
    }


def _tensorboard(order: RunOrder, more: Mapping[str, Any], host: Mapping[str, str]) -> dict[str, str]:
    return {"TENSORBOARD_LOGGING_DIR": f"{OUTPUTS}/tensorboard"}


def _comet(order: RunOrder, more: Mapping[str, Any], host: Mapping[str, str]) -> dict[str, str]:
    environment = {
        "COMET_EXPERIMENT_KEY": f"axojob{order.job_id.partition('-')[2]}",  # 32 to 50 letters and digits
        "COMET_START_EXPERIMENT_TAGS": ",".join(["axo", order.job_id, *more.get("tags", [])]),
        "COMET_OFFLINE_DIRECTORY": f"{OUTPUTS}/comet",
    }
    if order.config.get("comet_online") is not False:
        environment["COMET_API_KEY"] = _key("Comet", "COMET_API_KEY", "", "", host)
    return environment


def _trackio(order: RunOrder, more: Mapping[str, Any], host: Mapping[str, str]) -> dict[str, str]:
    environment = {"TRACKIO_DIR": f"{OUTPUTS}/trackio"}
    if order.config.get("trackio_space_id"):
        environment["HF_TOKEN"] = _key("A Trackio Space", "HF_TOKEN", "", "", host)
    return environment


_SET_UP = {"wandb": _wandb, "mlflow": _mlflow, "tensorboard": _tensorboard, "comet": _comet, "trackio": _trackio}


def _key(title: str, variable: str, address: str, own: str, host: Mapping[str, str]) -> str:
    """Return the worker's key, which goes nowhere but to the address that the worker's environment names."""
    if not _same(address, own):
        raise _unavailable(f"{title} is to be at {address}, and the worker's {variable} is for {own} only.")
    if not (key := host.get(variable)):
        raise _unavailable(f"{title} needs a key: set {variable} in the worker's environment, or use mode offline.")
    return key


def _same(address: str, other: str) -> bool:
    return address.rstrip("/") == other.rstrip("/")


def _unavailable(sentence: str) -> RunFailed:
    reason = EndReason.TRACKER_UNAVAILABLE
    return RunFailed(reason, sentence_with(reason, sentence))
