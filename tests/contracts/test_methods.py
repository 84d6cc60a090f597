"""Each method says what it means to Axolotl, which rows suit it, and what it cannot do."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from tests.contracts.specs import FORMATS, HUB, METHODS, formats_of, spec

from axo_api.app import create_app
from axo_api.axolotl.compiler import compile_config
from axo_api.settings import Settings
from axo_contracts.jobs import TrainSpec

SUITABLE = [(method, row_format) for method in METHODS for row_format in formats_of(method)]
UNSUITABLE = [
    (method, row_format) for method in METHODS for row_format in FORMATS if (method, row_format) not in SUITABLE
]


@pytest.mark.parametrize(("method", "row_format"), SUITABLE)
def test_a_method_reads_the_formats_that_suit_it(method: str, row_format: str) -> None:
    config = compile_config(spec(method, row_format={"type": row_format}))

    assert config["datasets"][0]["type"]


@pytest.mark.parametrize("method", METHODS)
def test_rows_of_which_nothing_is_said_are_read_as_the_method_expects(method: str) -> None:
    expected = compile_config(spec(method, row_format={"type": formats_of(method)[0]}))

    assert compile_config(spec(method)) == expected


@pytest.mark.parametrize(("method", "row_format"), UNSUITABLE)
def test_a_method_refuses_other_formats_by_name(method: str, row_format: str) -> None:
    with pytest.raises(ValidationError) as refused:
        spec(method, row_format={"type": row_format})

    message = str(refused.value)
    assert f"datasets.0.format: {method} cannot learn from {row_format} rows" in message
    assert all(name in message for name in formats_of(method))


PLUGIN_READS = {"dpo": "pairs", "ipo": "pairs", "simpo": "pairs", "orpo": "pairs", "kto": "kto_rows", "grpo": "prompts"}


@pytest.mark.parametrize(("method", "reader"), PLUGIN_READS.items())
def test_fields_with_names_of_their_own_are_told_to_the_plugin(method: str, reader: str) -> None:
    usual = formats_of(method)[0]
    name = {"kto": "field_label", "prompts": "field_prompt"}.get(usual, "field_chosen")

    config = compile_config(spec(method, row_format={"type": usual, name: "mine"}))

    assert config["datasets"][0]["type"] == f"axo_trainer_plugin.{reader}"
    assert config["axo"]["fields"][name] == "mine"
    assert "fields" not in compile_config(spec(method)).get("axo", {})


REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "packing of pairs": ("dpo", {"hyperparameters": {"sample_packing": True}}, "sample_packing"),
    "a stream without an end": ("pretrain", {"options": {"streaming": True}}, "give hyperparameters.max_steps"),
    "a share of a stream": (
        "pretrain",
        {"options": {"streaming": True}, "hyperparameters": {"max_steps": 1, "val_set_size": 0.1}},
        "give validation_datasets",
    ),
    "two streams": (
        "pretrain",
        {
            "options": {"streaming": True},
            "hyperparameters": {"max_steps": 1},
            "datasets": [{"source": HUB}, {"source": HUB}],
        },
        "one data set only",
    ),
    "the revision of a stream": (
        "pretrain",
        {
            "options": {"streaming": True},
            "hyperparameters": {"max_steps": 1},
            "datasets": [{"source": HUB | {"revision": "v1"}}],
        },
        "leave revision out",
    ),
    "a configuration's name, which would be dropped": (
        "kto",
        {"datasets": [{"source": HUB | {"name": "small"}}]},
        "leave name out",
    ),
    "a warmup ratio with SimPO": ("simpo", {"hyperparameters": {"warmup_ratio": 0.1}}, "give warmup_steps"),
    "one row a batch with KTO": ("kto", {"hyperparameters": {"micro_batch_size": 1}}, "2 or more"),
    "two weights for one loss": ("dpo", {"options": {"dpo_loss_weights": [1, 2]}}, "one for each"),
    "a batch that holds no whole group": ("grpo", {"options": {"num_generations": 3}}, "a multiple of num_generations"),
    "sequence weights with another loss": (
        "grpo",
        {"options": {"importance_sampling_level": "sequence"}},
        "loss_type grpo only",
    ),
    "no reward": ("grpo", {"options": {"rewards": []}}, "at least 1 item"),
    "two rewards of one name": (
        "gdpo",
        {"options": {"rewards": [{"type": "length", "maximum": 9, "name": "a"}] * 2}},
        "a name of its own",
    ),
    "a placeholder that stands for nothing": (
        "grpo",
        {"options": {"rewards": [{"type": "string_check", "reference": "{{row.answer}}"}]}},
        "{{item.FIELD}}",
    ),
    "no regular expression": ("grpo", {"options": {"rewards": [{"type": "regex", "pattern": "("}]}}, "unterminated"),
    "vLLM on a CPU": ("grpo", {"options": {"vllm": {"mode": "colocate"}}, "resources": {"gpus": 0}}, "needs a GPU"),
    "plain text in EBFT's structured mode": (
        "ebft",
        {"options": {"mode": "structured"}, "row_format": {"type": "completion"}},
        "set mode to strided",
    ),
    "an adapter of nothing": (
        "sft",
        {"adapter": {"type": "lora", "lora_target_linear": False}},
        "name lora_target_modules",
    ),
    "one field with two names": (
        "dpo",
        {
            "datasets": [
                {"source": HUB},
                {"source": HUB, "format": {"type": "preference", "field_chosen": "good"}},
            ]
        },
        "datasets.1.format: field_chosen is 'good' here, and 'chosen'",
    ),
}


@pytest.mark.parametrize(("method", "fields", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_go_together_is_refused_with_the_mend(method: str, fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        spec(method, **fields)

    assert words in str(refused.value)


def test_a_stream_is_read_as_a_stream_and_its_validation_data_as_a_whole() -> None:
    path = {"source": {"type": "path", "path": "/data/rows.parquet"}}

    config = compile_config(
        spec(
            "pretrain",
            options={"streaming": True},
            hyperparameters={"max_steps": 5},
            datasets=[path],
            validation_datasets=[path],
        )
    )

    assert "datasets" not in config
    (stream,) = config["pretraining_dataset"]
    assert (stream["path"], stream["data_files"], stream["type"]) == ("parquet", "/data/rows.parquet", "pretrain")
    assert config["test_datasets"][0]["type"] == "completion"


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.jsonl", "json"), ("a.json.gz", "json"), ("a.csv", "csv"), ("a.CSV.zst", "csv"), ("a.parquet", "parquet")],
)
def test_the_name_of_a_file_says_how_it_is_read(name: str, kind: str) -> None:
    source = {"type": "path", "path": f"/data/{name}"}

    assert compile_config(spec("sft", datasets=[{"source": source}]))["datasets"][0]["ds_type"] == kind


def test_the_learning_rate_suits_the_method_and_the_adapter_unless_it_is_given() -> None:
    rates = [
        compile_config(spec(method, adapter={"type": adapter}))["learning_rate"]
        for method, adapter in [("sft", "lora"), ("sft", "full"), ("dpo", "lora"), ("dpo", "full")]
    ]

    assert rates == [2e-4, 2e-5, 2e-5, 1e-6]
    assert compile_config(spec("dpo", hyperparameters={"learning_rate": 0.1}))["learning_rate"] == 0.1


def test_rewards_are_functions_of_the_plugin_and_a_clients_own_need_permission() -> None:
    own = {"type": "python", "function": "mine.score", "weight": 2}
    lengths = [{"type": "length", "maximum": 10}, {"type": "length", "maximum": 20}]

    job = spec("grpo", options={"rewards": [*lengths, own]})
    config = compile_config(job)

    rewards = "axo_trainer_plugin.rewards"
    assert config["trl"]["reward_funcs"] == [f"{rewards}.length", f"{rewards}.length_2", "mine.score"]
    assert config["trl"]["reward_weights"] == [1, 1, 2]
    assert list(config["axo"]["rewards"]) == ["length", "length_2"]
    assert job.method.needs_unsafe_code() == ["rewards.2.function"]
    assert spec("grpo").method.needs_unsafe_code() == []


def test_openapi_says_of_each_method_when_to_use_it_and_of_each_field_what_it_means() -> None:
    schemas = create_app(Settings()).openapi()["components"]["schemas"]
    methods = [_name(ref) for ref in schemas["TrainSpec"]["properties"]["method"]["oneOf"]]

    assert len(methods) == len(METHODS)
    for name in methods:
        assert "Use it" in schemas[name]["description"], name
        for field, shown in schemas[name]["properties"].items():
            assert field == "type" or shown.get("description"), f"{name}.{field} has no description"


def test_the_page_on_methods_names_all_of_them_and_its_requests_are_right() -> None:
    page = (Path(__file__).parents[2] / "docs" / "methods.md").read_text()

    assert set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) >= {*METHODS, *FORMATS}
    requests = re.findall(r"-d '(\{.*?\})'", page, re.DOTALL)
    assert [TrainSpec.model_validate_json(request).method.type for request in requests] == ["kto", "grpo"]


def _name(reference: dict[str, str]) -> str:
    return reference["$ref"].rpartition("/")[2]
