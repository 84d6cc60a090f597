"""Axolotl's keys and values, checked as Axolotl would convert them."""

from typing import Any

import pytest

from axo_api.axolotl.checking import problems_of
from axo_api.axolotl.config_schema import config_schema


def told(**config: Any) -> dict[str, str]:
    """Return what is told of a config, by the place of each problem."""
    return {problem.where: problem.sentence for problem in problems_of(config, config_schema())}


TAKEN: dict[str, Any] = {
    "text for a number": {"weight_decay": "1e-2"},
    "text for a whole number": {"micro_batch_size": "2"},
    "a whole number with a point": {"micro_batch_size": 2.0},
    "a whole number for a number": {"lora_dropout": 0},
    "text for a truth": {"sample_packing": "Yes"},
    "one for a truth": {"sample_packing": 1},
    "one of two types": {"bf16": "auto"},
    "an empty key": {"micro_batch_size": None, "fsdp_config": None, "datasets": None},
    "a key that was renamed": {"dpo_beta": 0.1, "fsdp_config": {"fsdp_offload_params": True}},
    "a key that axolotl drops, as its examples do": {"debug": None},
    "the older name of the model's overrides": {"overrides_of_model_config": {"rope_theta": 1}},
    "any keys in a free mapping": {"gradient_checkpointing_kwargs": {"use_reentrant": False}},
    "a mapping or text": {"datasets": [{"path": "a/b", "type": {"field_prompt": "p"}}, {"path": "a/b", "type": "t"}]},
    "keys of a plugin that is listed": {
        "plugins": ["axolotl.integrations.liger.LigerPlugin"],
        "liger_rope": True,
    },
    "any keys beside a plugin that is not axolotl's": {"plugins": ["mine.Plugin"], "my_own_key": 1},
}


@pytest.mark.parametrize("config", TAKEN.values(), ids=TAKEN.keys())
def test_what_axolotl_takes_is_taken(config: dict[str, Any]) -> None:
    assert told(**config) == {}


WRONG = {
    "a fraction for a whole number": ({"micro_batch_size": 2.5}, "micro_batch_size", "2.5 is not a whole number"),
    "a number for text": ({"wandb_name": 3}, "wandb_name", "3 is not text"),
    "text for a truth": ({"sample_packing": "maybe"}, "sample_packing", '"maybe" is not true or false'),
    "text for a list": ({"tokens": "<think>"}, "tokens", '"<think>" is not a list'),
    "none of the choices": (
        {"excess_length_strategy": "shorten"},
        "excess_length_strategy",
        "\"shorten\" is not one of 'drop', 'truncate', 'raise'",
    ),
    "inside a list": ({"datasets": [{"path": "a/b", "shards": "x"}]}, "datasets.0.shards", '"x" is not a whole number'),
    "inside a mapping": ({"trl": {"num_generations": []}}, "trl.num_generations", "[] is not a whole number"),
    "over a bound": ({"datasets": [{"path": "a/b", "weight": 2}]}, "datasets.0.weight", "above 0.0 and at most 1.0"),
}


@pytest.mark.parametrize(("config", "where", "sentence"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_type_is_told_in_words(config: dict[str, Any], where: str, sentence: str) -> None:
    assert sentence in told(**config)[where]


UNKNOWN = {
    "at the top": ({"learning_rat": 1}, "learning_rat", "learning_rate"),
    "with a dash": ({"lora-r": 8}, "lora-r", "lora_r"),
    "with capitals": ({"Num_Epochs": 1}, "Num_Epochs", "num_epochs"),
    "in a data set": ({"datasets": [{"pth": "a/b"}]}, "datasets.0.pth", "path"),
    "in a mapping": ({"trl": {"num_generation": 4}}, "trl.num_generation", "num_generations"),
    "in a mapping within a data set": (
        {"datasets": [{"path": "a/b", "type": {"field_instuction": "q"}}]},
        "datasets.0.type.field_instuction",
        "field_instruction",
    ),
    "near a key that is there already": ({"fp16": True, "f16": True}, "f16", "bf16"),
}


@pytest.mark.parametrize(("config", "where", "meant"), UNKNOWN.values(), ids=UNKNOWN.keys())
def test_an_unknown_key_is_told_with_the_nearest_name_at_its_level(
    config: dict[str, Any], where: str, meant: str
) -> None:
    assert f"did you mean {meant!r}?" in told(**config)[where]


def test_a_key_of_a_plugin_that_is_not_listed_is_told_with_the_plugin() -> None:
    sentence = told(liger_rope=True)["liger_rope"]

    assert "only the plugin axolotl.integrations.liger.LigerPlugin reads it" in sentence


def test_a_hostile_config_is_told_of_within_its_bounds() -> None:
    assert len(told(**{f"learning_rat{number}" * 10: 1 for number in range(100)})) == 100
