"""What an evaluation says of one model, and of the difference between two. A loss is in nats a token."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .statistics import Mean, differences, mean, perplexity, ratio


@dataclass
class Measured:
    """What one model made of the rows, by the rows' numbers: nats and tokens, and what its answers are worth."""

    name: str
    rows_left_out: int
    nats: dict[int, float] = field(default_factory=dict)
    tokens: dict[int, int] = field(default_factory=dict)
    scores: dict[int, float] = field(default_factory=dict)
    harness: dict[str, Any] = field(default_factory=dict)  # what tasks of lm-eval measured


def described(measured: Measured) -> dict[str, Any]:
    """Return what `evaluation.json` says of a model."""
    loss = ratio(list(measured.nats.values()), list(measured.tokens.values())) if measured.tokens else None
    return {
        "model": measured.name,
        "rows": len(measured.tokens),
        "rows_left_out": measured.rows_left_out,
        "tokens": sum(measured.tokens.values()),
        "loss": _figure(loss) if loss else None,
        "perplexity": perplexity(loss.value) if loss else None,
        "score": _figure(mean(list(measured.scores.values()))) if measured.scores else None,
        "lm_eval": measured.harness or None,
    }


def compared(measured: Sequence[Measured]) -> dict[str, Any] | None:
    """Return what the first model has more than the second, row by row; None where there is only one.

    Losses are compared only where both read a row as equally many tokens.
    """
    if len(measured) < 2:
        return None
    ours, theirs = measured
    return {
        "of": ours.name,
        "from": theirs.name,
        "loss": _figure(ratio(differences(_losses(ours), _losses(theirs)), list(ours.tokens.values())))
        if ours.tokens == theirs.tokens and ours.tokens
        else None,
        "score": _figure(mean(differences(list(ours.scores.values()), list(theirs.scores.values()))))
        if ours.scores
        else None,
    }


def _losses(measured: Measured) -> list[float]:
    return list(measured.nats.values())


def _figure(of: Mean) -> dict[str, float | None]:
    return of._asdict()
