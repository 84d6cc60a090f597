"""What a worker gives to the trackers of a run: each its own keys, and no key to another's address."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from axo_contracts.lifecycle import EndReason
from axo_contracts.orders import RunOrder
from axo_worker.failures import RunFailed
from axo_worker.settings import Settings
from axo_worker.trackers import Tracking, tracking

JOB = "ftjob-01jd0000000000000000000000"
OWN = "http://mlflow.internal:5000"
KEYS = {"WANDB_API_KEY": "w-key", "COMET_API_KEY": "c-key", "MLFLOW_TRACKING_TOKEN": "m-key", "HF_TOKEN": "h-key"}


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that has the keys of all trackers."""
    for name, key in {**KEYS, "MLFLOW_TRACKING_URI": OWN}.items():
        monkeypatch.setenv(name, key)


@pytest.fixture
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that has none."""
    for name in (*KEYS, "MLFLOW_TRACKING_URI", "WANDB_MODE", "WANDB_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def of(config: dict[str, Any], **trackers: dict[str, Any]) -> Tracking:
    order = RunOrder(job_id=JOB, attempt=1, config={**config, "axo": {"trackers": trackers}})
    return tracking(order, Settings(trainer_command=("stand-in",)), {})


@pytest.mark.usefixtures("keys")
def test_a_run_without_trackers_gets_no_key() -> None:
    assert of({"wandb_project": "", "use_mlflow": False}) == Tracking()


@pytest.mark.usefixtures("keys")
def test_a_run_gets_the_keys_of_its_own_trackers_only() -> None:
    given = of({"wandb_project": "p"}, wandb={"tags": ["mine"], "group": "g"})

    assert given.environment["WANDB_API_KEY"] == "w-key"
    assert not KEYS.keys() - {"WANDB_API_KEY"} & given.environment.keys()
    assert (given.environment["WANDB_RUN_ID"], given.environment["WANDB_RESUME"]) == (JOB, "allow")
    assert given.environment["WANDB_TAGS"] == f"axo,{JOB},mine"
    assert given.config == {"wandb_name": JOB}


@pytest.mark.usefixtures("keys")
def test_mlflows_key_goes_to_the_workers_own_server_only() -> None:
    own = of({"mlflow_experiment_name": "e", "mlflow_tracking_uri": f"{OWN}/"}).environment
    other = of({"mlflow_experiment_name": "e", "mlflow_tracking_uri": "http://elsewhere"}).environment

    assert own["MLFLOW_TRACKING_TOKEN"] == "m-key"
    assert "MLFLOW_TRACKING_TOKEN" not in other
    assert json.loads(own["MLFLOW_TAGS"]) == {"axo_job": JOB}


@pytest.mark.usefixtures("keys")
def test_a_wandb_server_that_the_key_is_not_for_is_refused() -> None:
    with pytest.raises(RunFailed, match=r"for https://api\.wandb\.ai only"):
        of({"use_wandb": True}, wandb={"base_url": "https://elsewhere"})


@pytest.mark.usefixtures("no_keys")
@pytest.mark.parametrize(
    ("config", "needed"),
    [
        ({"use_wandb": True}, "WANDB_API_KEY"),
        ({"use_mlflow": True}, "MLFLOW_TRACKING_URI"),
        ({"use_comet": True}, "COMET_API_KEY"),
        ({"use_trackio": True, "trackio_space_id": "org/space"}, "HF_TOKEN"),
    ],
)
def test_a_tracker_whose_key_is_missing_ends_the_run_before_its_start(config: dict[str, Any], needed: str) -> None:
    with pytest.raises(RunFailed, match=needed) as failed:
        of(config)

    assert failed.value.reason is EndReason.TRACKER_UNAVAILABLE


@pytest.mark.usefixtures("no_keys")
def test_what_is_kept_in_the_job_needs_no_key() -> None:
    wandb, comet = {"use_wandb": True, "wandb_mode": "offline"}, {"use_comet": True, "comet_online": False}

    given = of({**wandb, **comet, "use_tensorboard": True})

    assert given.environment["WANDB_DIR"] == "outputs"
    assert given.environment["TENSORBOARD_LOGGING_DIR"] == "outputs/tensorboard"
    assert given.environment["COMET_OFFLINE_DIRECTORY"] == "outputs/comet"
    assert not KEYS.keys() & given.environment.keys()
    assert len(given.environment["COMET_EXPERIMENT_KEY"]) == 32


def test_a_package_that_the_trainer_lacks_is_named() -> None:
    order = RunOrder(job_id=JOB, attempt=1, config={"use_trackio": True})

    with pytest.raises(RunFailed, match="add the package trackio to the worker's image"):
        tracking(order, Settings(trainer_python=Path(sys.executable)), {})
