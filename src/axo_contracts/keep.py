"""Which checkpoints of a training are kept: all that any of a few rules names."""

from typing import Literal, Self

from pydantic import model_validator

from axo_contracts.strict import Count, Line, Strict

NO_LIMIT = 2**31 - 1
"""The `save_total_limit` of a training whose checkpoints the control plane sorts out: Axolotl takes 4 for none."""


class KeepBest(Strict):
    """The best checkpoints by one metric."""

    metric: Line = "eval_loss"
    """A metric's name, as `GET /v1/jobs/{id}/metrics` has it. A checkpoint has the newest value up to its step."""
    mode: Literal["min", "max"] = "min"
    """Whether less of it is better, or more."""
    n: Count = 1
    """How many are kept. As long as the metric was not measured, all are."""


class Keep(Strict):
    """Rules that keep checkpoints. What none of them names is deleted once it is on record, unless it is in use."""

    last: Count | None = None
    """The newest ones, this many."""
    best: KeepBest | None = None
    every: Count | None = None
    """Those whose step is a multiple of this."""

    @model_validator(mode="after")
    def _keeps_something(self) -> Self:
        if self.last is None and self.best is None and self.every is None:
            raise ValueError("it keeps nothing; give one of last, best and every, or leave it out")
        return self


SAID_TWICE = "keep and save_total_limit both say which checkpoints are kept; give one of them"
