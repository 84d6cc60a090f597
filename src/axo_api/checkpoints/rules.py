"""What the rules of `keep` want of a job's checkpoints."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from axo_api.checkpoints.reasons import KeptBecause
from axo_contracts.keep import Keep, KeepBest


class Candidate(NamedTuple):
    """A checkpoint that is whole, and what the metric of `best` was by its step; None: unknown, or no finite number."""

    step: int
    attempt: int
    value: float | None = None


def wanted(keep: Keep, candidates: Sequence[Candidate]) -> dict[Candidate, list[KeptBecause]]:
    """Return which rules want each of `candidates`; of the checkpoints of one step only the newest is wanted."""
    by_step = {candidate.step: candidate for candidate in sorted(candidates)}
    reasons: dict[Candidate, list[KeptBecause]] = {candidate: [] for candidate in candidates}
    for candidate, reason in _named(keep, [*by_step.values()]):
        reasons[candidate].append(reason)
    return reasons


def newest(candidates: Sequence[Candidate]) -> Candidate | None:
    """Return the checkpoint that a run would go on from."""
    return max(candidates, key=lambda candidate: (candidate.step, candidate.attempt), default=None)


def _named(keep: Keep, rising: Sequence[Candidate]) -> Iterator[tuple[Candidate, KeptBecause]]:
    if keep.last is not None:
        yield from ((candidate, KeptBecause.LAST) for candidate in rising[-keep.last :])
    if keep.best is not None:
        yield from ((candidate, KeptBecause.BEST) for candidate in _best(keep.best, rising))
    if keep.every is not None:
        yield from ((candidate, KeptBecause.EVERY) for candidate in rising if candidate.step % keep.every == 0)


def _best(rule: KeepBest, rising: Sequence[Candidate]) -> Sequence[Candidate]:
    """Return the best by a metric, of those alike the newest; all of them where it was never measured."""
    measured = [(candidate.value, candidate) for candidate in rising if candidate.value is not None]
    if not measured:
        return rising
    sign = -1 if rule.mode == "min" else 1
    ranked = sorted(measured, key=lambda pair: (sign * pair[0], pair[1].step), reverse=True)
    return [candidate for _, candidate in ranked[: rule.n]]
