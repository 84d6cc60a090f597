"""What each kind of job takes, and how what it cannot take is refused."""

from typing import Any

import pytest
from pydantic import ValidationError

from axo_contracts.jobs import spec_from_json
from axo_contracts.tasks import EvaluateSpec, ExportSpec, GenerateSpec, MergeSpec, QuantizeSpec, ScoreSpec

FILE = {"source": {"type": "file", "file_id": "file-" + "0" * 26}}
ON_HUB = {"source": {"type": "hub", "repo_id": "org/rows"}}


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"kind": "merge"}, MergeSpec),
        ({"kind": "score", "texts": ["a"]}, ScoreSpec),
        ({"kind": "evaluate", "datasets": [FILE]}, EvaluateSpec),
        ({"kind": "generate", "datasets": [FILE]}, GenerateSpec),
        ({"kind": "quantize"}, QuantizeSpec),
        ({"kind": "export"}, ExportSpec),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
def test_a_kind_says_which_spec_it_is_and_keeps_it(given: dict[str, Any], kind: type) -> None:
    spec = spec_from_json({**given, "model": "ft:org/model:me::x"})

    assert type(spec) is kind
    assert spec_from_json(spec.model_dump(mode="json")) == spec
    assert spec.named_models()[0].is_trained_here


def test_a_comparison_names_its_second_model_but_not_a_base() -> None:
    with_base, with_other = (
        spec_from_json({"kind": "evaluate", "model": "ft:a", "datasets": [FILE], "compare_with": other})
        for other in ("base", "org/other")
    )

    assert [named.name for named in with_base.named_models()] == ["ft:a"]
    assert [(named.field, named.name) for named in with_other.named_models()][1:] == [("compare_with", "org/other")]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            {"kind": "distil"},
            "there is no such kind of job; there are train, merge, quantize, export, score, evaluate, generate",
        ),
        ({"kind": ["merge"]}, "there is no such kind of job"),
        ({"kind": "merge", "resources": {"gpus": 2}}, "resources.gpus: merge runs on one GPU at most"),
        ({"kind": "merge", "model": "ft:a", "model_revision": "main"}, "leave it out"),
        ({"kind": "score"}, "there is nothing to score; give texts or datasets"),
        ({"kind": "evaluate"}, "datasets: there are no rows to measure by; give some, or lm_eval alone"),
        ({"kind": "evaluate", "lm_eval": {"tasks": ["../task"]}}, "String should match pattern"),
        ({"kind": "generate", "datasets": [ON_HUB]}, "datasets.0.source: only training reads data sets on the hub"),
        (
            {"kind": "generate", "datasets": [{**FILE, "format": {"type": "kto"}}]},
            "datasets.0.format: generate cannot use kto rows; it takes prompts or chat_template rows",
        ),
    ],
)
def test_a_refusal_says_what_is_wrong_and_what_would_do(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=r".*") as refused:
        spec_from_json({"model": "org/model", **given})

    assert sentence in str(refused.value)
