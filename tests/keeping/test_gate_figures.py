"""When a gate is open, by the figures of an evaluation."""

from typing import Any

import pytest
from pydantic import ValidationError

from axo_api.models.gates import Gate, figures_of, problems

JOB = "ftjob-none"
OF_TWO = {
    "models": [
        {"loss": {"value": 2.0, "standard_error": 0.1}, "perplexity": 7.39, "score": None},
        {"loss": {"value": 2.5, "standard_error": 0.1}, "perplexity": 12.2, "score": None},
    ],
    "difference": {"of": "a", "from": "b", "loss": {"value": -0.5, "standard_error": 0.2}, "score": None},
}


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"max": 2.0}, None),
        ({"max": 1.9}, "the loss is 2 ± 0.1, and must be 1.9 at most."),
        ({"min": 2.1}, "the loss is 2 ± 0.1, and must be 2.1 at least."),
        ({"metric": "perplexity", "max": 7}, "the perplexity is 7.39, and must be 7 at most."),
        ({"metric": "score", "min": 0.5}, "the score is unknown: the evaluation has no such figure."),
        ({"better_than": "base"}, None),
        ({"better_than": "base", "metric": "perplexity"}, None),
        (
            {"better_than": "base", "standard_errors": 3},
            "the loss differs from that of base by -0.5 ± 0.2, and must be lower by more than 3 standard errors.",
        ),
    ],
    ids=["low enough", "too high", "too low", "perplexity", "no score", "better", "less perplexed", "too unsure"],
)
def test_a_gate_says_why_it_stays_closed(asked: dict[str, Any], why: str | None) -> None:
    gate = Gate.model_validate({"evaluation": JOB, **asked})

    figures = figures_of(gate, OF_TWO, is_compared=gate.better_than is not None)

    assert [*problems(gate, figures)] == ([] if why is None else [why])


def test_a_higher_score_is_better_and_without_a_standard_error_any_difference_counts() -> None:
    gate = Gate(evaluation=JOB, metric="score", better_than="current")
    verdicts = {}
    for difference in (0.1, 0.0, -0.1):
        found = {
            "models": [{"score": {"value": 0.9, "standard_error": None}}],
            "difference": {"score": {"value": difference, "standard_error": None}},
        }
        verdicts[difference] = not [*problems(gate, figures_of(gate, found, is_compared=True))]

    assert verdicts == {0.1: True, 0.0: False, -0.1: False}


def test_a_figure_that_is_no_number_opens_no_gate() -> None:
    gate = Gate(evaluation=JOB, max=9, min=-9, better_than="base")
    lost = {"value": float("nan"), "standard_error": None}

    why = [
        *problems(gate, figures_of(gate, {"models": [{"loss": lost}], "difference": {"loss": lost}}, is_compared=True))
    ]

    assert len(why) == 2
    assert all("unknown" in sentence for sentence in why)


def test_a_gate_that_asks_for_nothing_is_refused() -> None:
    with pytest.raises(ValidationError, match="it asks for nothing"):
        Gate(evaluation=JOB)
