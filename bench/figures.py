"""What a benchmark finds: a figure beside its physical limit, and beside its target where it has one."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal, Self

Unit = Literal["ms", "/s", "MB/s", "MB", "KiB"]


@dataclass(frozen=True, slots=True)
class Target:
    """What is wanted, in words, and whether it is met."""

    text: str
    is_met: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure. `limit` says what it stands beside."""

    name: str
    unit: Unit
    median: float
    p99: float
    limit: str
    limit_median: float
    limit_p99: float
    samples: int
    target: Target | None = None

    @classmethod
    def of(
        cls,
        name: str,
        samples: Sequence[float],
        limit: str,
        limit_samples: Sequence[float],
        *,
        unit: Unit = "ms",
        target: Target | None = None,
    ) -> Self:
        """Return the figure that `samples` make beside `limit_samples`, both in `unit`."""
        return cls(
            name=name,
            unit=unit,
            median=median(samples),
            p99=p99(samples),
            limit=limit,
            limit_median=median(limit_samples),
            limit_p99=p99(limit_samples),
            samples=len(samples),
            target=target,
        )

    @property
    def ratio(self) -> float:
        """How many times its limit the median is."""
        return self.median / self.limit_median


def p99(samples: Sequence[float]) -> float:
    """Return what 99 of 100 samples do not exceed; of fewer than 100 it is the largest."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
