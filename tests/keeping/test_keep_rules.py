"""Which checkpoints the rules of `keep` want, and what a spec may say of them."""

from typing import Any

import pytest
from pydantic import ValidationError
from tests.api_process import SPEC

from axo_api.axolotl.configs import config_of
from axo_api.axolotl.inputs import ALL_JSON_LINES
from axo_api.checkpoints.rules import Candidate, newest, wanted
from axo_api.jobs.keeping import settle_keep
from axo_contracts.jobs import spec_from_json
from axo_contracts.keep import NO_LIMIT, Keep

WHOLE = {"config": {"base_model": "org/model", "datasets": [{"path": "org/data", "type": "alpaca"}]}}
LOSSES = {1: 3.0, 2: 1.0, 3: None, 4: 2.0, 5: 1.0, 6: 4.0}


def steps_wanted(rules: dict[str, Any], values: dict[int, float | None]) -> list[int]:
    """Return the steps that any rule wants."""
    candidates = [Candidate(step, 1, value) for step, value in values.items()]
    reasons = wanted(Keep.model_validate(rules), candidates)
    return sorted(candidate.step for candidate, why in reasons.items() if why)


@pytest.mark.parametrize(
    ("rules", "steps"),
    [
        ({"last": 2}, [5, 6]),
        ({"every": 3}, [3, 6]),
        ({"best": {}}, [5]),
        ({"best": {"n": 2}}, [2, 5]),
        ({"best": {"mode": "max", "n": 2}}, [1, 6]),
        ({"last": 1, "best": {"n": 1}, "every": 4}, [4, 5, 6]),
    ],
    ids=["last", "every", "best, of those alike the newest", "best two", "the highest", "the union"],
)
def test_each_rule_keeps_what_it_says(rules: dict[str, Any], steps: list[int]) -> None:
    assert steps_wanted(rules, LOSSES) == steps


def test_a_metric_that_was_never_measured_lets_nothing_go() -> None:
    assert steps_wanted({"best": {"metric": "evil_loss"}}, dict.fromkeys(LOSSES)) == [*LOSSES]


def test_of_two_attempts_at_one_step_the_newer_counts() -> None:
    old, new = Candidate(4, 1, 0.1), Candidate(4, 2, 0.2)

    reasons = wanted(Keep(last=1, every=2), [new, old, Candidate(2, 1)])

    assert (reasons[old], len(reasons[new]), len(reasons[Candidate(2, 1)])) == ([], 2, 1)
    assert newest([old, Candidate(3, 2), new]) == new


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (SPEC | {"keep": {}}, "it keeps nothing"),
        (SPEC | {"keep": {"last": 1}, "hyperparameters": {"save_total_limit": 2}}, "both say which"),
        (SPEC | {"keep": {"last": 1}, "axolotl": {"save_total_limit": None}}, "both say which"),
        ({"config": WHOLE["config"] | {"save_total_limit": 2}, "keep": {"last": 1}}, "both say which"),
    ],
    ids=["nothing", "beside a hyperparameter", "beside an axolotl key", "beside a whole config's own"],
)
def test_a_spec_says_once_what_is_kept(spec: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        spec_from_json(spec)


@pytest.mark.parametrize("spec", [SPEC, WHOLE], ids=["a typed spec", "a whole config"])
def test_with_rules_the_trainer_deletes_nothing_itself(spec: dict[str, Any]) -> None:
    ruled = spec_from_json(spec | {"keep": {"last": 1}})

    again = spec_from_json(ruled.model_dump(mode="json"))

    assert again == ruled
    assert config_of(again, ALL_JSON_LINES)["save_total_limit"] == NO_LIMIT
    assert config_of(spec_from_json(spec), ALL_JSON_LINES).get("save_total_limit") == (3 if spec is SPEC else None)


@pytest.mark.parametrize(
    ("spec", "keep"),
    [
        (SPEC, {"last": 5, "best": None, "every": None}),
        (WHOLE, {"last": 5, "best": None, "every": None}),
        (SPEC | {"keep": {"every": 7}}, {"last": None, "best": None, "every": 7}),
        (SPEC | {"hyperparameters": {"save_total_limit": 2}}, None),
        ({"config": WHOLE["config"] | {"save_total_limit": 2}}, None),
    ],
    ids=["says nothing", "a config that says nothing", "its own rules", "its own limit", "a config with a limit"],
)
def test_the_operators_rule_is_for_trainings_that_say_nothing(
    spec: dict[str, Any], keep: dict[str, Any] | None
) -> None:
    given = spec_from_json(spec)
    row = {"spec": given.model_dump(mode="json")}

    settle_keep(given, row, Keep(last=5))

    assert row["spec"]["keep"] == keep
    assert spec_from_json(row["spec"]).kind == "train"
