"""What an evaluation must say before a name is moved to a model."""

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from axo_api.errors import Conflict
from axo_contracts.strict import Strict

Evaluation = Mapping[str, Any]
"""What an `evaluation.json` holds: docs/kinds.md."""


class GateNotPassed(Conflict):
    """The evaluation does not say what the gate asks for."""

    code = "gate_not_passed"


class Gate(Strict):
    """What an evaluation must say of the model that the name is moved to."""

    evaluation: Annotated[str, Field(max_length=64, examples=["ftjob-01m80dj386h6snwnj5w2aq1gwa"])]
    """A job of kind `evaluate` that has succeeded, and was of exactly this model."""
    metric: Literal["loss", "perplexity", "score"] = "loss"
    min: float | None = None
    """The metric must be this at least."""
    max: float | None = None
    """The metric must be this at most."""
    better_than: Literal["base", "current"] | None = None
    """The evaluation must have compared the model with this (`compare_with`), and it must be better: a lower loss or
    perplexity, a higher score. current: what the name stands for now; a name that is new has nothing to beat."""
    standard_errors: Annotated[float, Field(ge=0, le=10)] = 2.0
    """By more than so many standard errors of the paired difference. 0: by anything."""

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        if self.min is None and self.max is None and self.better_than is None:
            raise ValueError("it asks for nothing; give min, max or better_than")
        return self


class Figure(NamedTuple):
    """A figure of an evaluation, with its standard error where that is known."""

    value: float | None
    standard_error: float | None = None

    def __str__(self) -> str:
        if self.value is None:
            return "unknown"
        return f"{self.value:.4g}" + ("" if self.standard_error is None else f" ± {self.standard_error:.2g}")


class Figures(NamedTuple):
    """What an evaluation says: the metric itself, and what it has more than that of the other model."""

    own: Figure
    difference: Figure | None


def figures_of(gate: Gate, evaluation: Evaluation, *, is_compared: bool) -> Figures:
    """Return what a gate looks at. Perplexities rise with losses, so that it is losses that are compared."""
    own = _figure(evaluation["models"][0][gate.metric])
    if not is_compared:
        return Figures(own, None)
    compared = "score" if gate.metric == "score" else "loss"
    return Figures(own, _figure((evaluation["difference"] or {}).get(compared)))


def problems(gate: Gate, figures: Figures) -> Iterator[str]:
    """Yield why the gate stays closed, a sentence each; none: it is open."""
    own, difference = figures
    said = f"the {gate.metric} is {own}"
    if own.value is None:
        yield f"{said}: the evaluation has no such figure."
    if own.value is not None and gate.min is not None and own.value < gate.min:
        yield f"{said}, and must be {gate.min:g} at least."
    if own.value is not None and gate.max is not None and own.value > gate.max:
        yield f"{said}, and must be {gate.max:g} at most."
    if difference is not None and not _is_better(gate, difference):
        what, way = ("score", "higher") if gate.metric == "score" else ("loss", "lower")
        yield (
            f"the {what} differs from that of {gate.better_than} by {difference}, and must be {way} by more than "
            f"{gate.standard_errors:g} standard errors."
        )


def _is_better(gate: Gate, difference: Figure) -> bool:
    if difference.value is None:
        return False
    gain = difference.value if gate.metric == "score" else -difference.value
    return gain > gate.standard_errors * (difference.standard_error or 0.0)


def _figure(found: Any) -> Figure:
    """Return a figure; one that is no finite number is unknown."""
    figure = Figure(**found) if isinstance(found, dict) else Figure(found)
    return figure if figure.value is not None and isfinite(figure.value) else Figure(None)
