"""What a spec may say of trackers, and what Axolotl is told of it."""

from typing import Any

import pytest
from pydantic import ValidationError

from axo_api.axolotl.compiler import compile_config
from axo_api.errors import Invalid
from axo_api.jobs.unsafe_code import refuse_addresses
from axo_contracts.config_spec import ConfigSpec
from axo_contracts.jobs import TrainSpec

SERVER = "http://mlflow.internal:5000"


def spec(*integrations: dict[str, Any], **fields: Any) -> TrainSpec:
    datasets = [{"source": {"type": "hub", "repo_id": "org/rows"}}]
    given = {"base_model": "org/model", "datasets": datasets, "integrations": list(integrations), **fields}
    return TrainSpec.model_validate(given)


def test_every_tracker_is_said_in_axolotls_own_keys() -> None:
    config = compile_config(
        spec(
            {"type": "wandb", "project": "p", "entity": "team", "mode": "offline", "tags": ["a"], "group": "g"},
            {"type": "mlflow", "experiment": "e", "tracking_uri": SERVER, "tags": {"of": "mine"}},
            {"type": "tensorboard"},
            {"type": "comet", "project": "c", "workspace": "w", "mode": "offline"},
            {"type": "trackio", "project": "t", "space_id": "org/space"},
            name="first",
        )
    )

    expected = {
        "use_wandb": True,
        "wandb_project": "p",
        "wandb_entity": "team",
        "wandb_mode": "offline",
        "wandb_name": "first",
        "use_mlflow": True,
        "mlflow_experiment_name": "e",
        "mlflow_tracking_uri": SERVER,
        "mlflow_run_name": "first",
        "use_tensorboard": True,
        "use_comet": True,
        "comet_project_name": "c",
        "comet_workspace": "w",
        "comet_online": False,
        "use_trackio": True,
        "trackio_project_name": "t",
        "trackio_space_id": "org/space",
    }
    assert {key: config.get(key) for key in expected} == expected
    assert config["axo"]["trackers"] == {"wandb": {"tags": ["a"], "group": "g"}, "mlflow": {"tags": {"of": "mine"}}}


def test_a_spec_without_trackers_says_nothing_of_them() -> None:
    config = compile_config(spec())

    assert "axo" not in config
    assert not [key for key in config if key.startswith("use_")]


@pytest.mark.parametrize(
    ("integrations", "sentence"),
    [
        ([{"type": "tensorboard"}, {"type": "tensorboard"}], "several of type tensorboard"),
        ([{"type": "mlflow", "experiment": "e", "tracking_uri": "https://me:secret@host"}], "leave them out"),
        ([{"type": "wandb", "project": "p", "base_url": "http://["}], "it is no address"),
        ([{"type": "wandb", "project": "p\x00"}], "pattern"),
        ([{"type": "mlflow", "experiment": "e", "tags": {"of": "\x00"}}], "pattern"),
        ([{"type": "wandb", "project": "p", "tags": ["a,b"]}], "pattern"),
        ([{"type": "wandb", "project": "p", "api_key": "secret"}], "Extra inputs"),
        ([{"type": "aim"}], "tensorboard"),
        (
            [{"type": "wandb", "project": "p", "name": "a"}, {"type": "mlflow", "experiment": "e", "run_name": "b"}],
            "the same name",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(integrations: list[dict[str, Any]], sentence: str) -> None:
    with pytest.raises(ValidationError) as refused:
        spec(*integrations)

    [problem] = refused.value.errors()
    assert problem["loc"][0] == "integrations"
    assert sentence in problem["msg"]


@pytest.mark.parametrize("address", [SERVER, "file:///etc", "mlruns", "sqlite:///mlflow.db"])
def test_an_address_needs_the_operators_word(address: str) -> None:
    asked = spec({"type": "tensorboard"}, {"type": "mlflow", "experiment": "e", "tracking_uri": address})

    refuse_addresses(asked, [f"{address}/"])
    with pytest.raises(Invalid, match="AXO_TRACKER_ADDRESSES") as refused:
        refuse_addresses(asked, [])
    assert refused.value.param == "integrations.1.tracking_uri"


def test_a_whole_config_names_its_trackers_itself() -> None:
    with pytest.raises(ValidationError, match="integrations is said twice"):
        ConfigSpec.model_validate({"config": {"base_model": "org/model"}, "integrations": [{"type": "tensorboard"}]})
