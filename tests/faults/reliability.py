"""The report of the fault suite: each fault with how often it was tried, and the worst time that recovery took."""

import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.faults.matrix import FAULTS

HEAD = """# Reliability

What axo bears, as its own fault suite has measured it: `make faults` breaks each thing for real, on real processes,
and writes this page. After each fault one checker reads the database, the journals, Redis and `/proc`, and asserts that
every 201 has one job, that at most one attempt ran at any moment, that no terminal status ever changed, that each
journal is a gapless sequence of whole lines and each stream a prefix of it, that nothing is orphaned, and that slots
add up. Recovery is the time from the fault, or from the return of what was away, until the job or the service went on.

{when}

| # | fault | tries | passed | worst recovery (s) |
|--:|---|--:|--:|--:|
"""


@dataclass
class Recovery:
    """The longest recovery of one try, in seconds."""

    seconds: float | None = None
    _since: float = 0.0

    def begins(self) -> None:
        """Note that the fault is there, or what was away is back."""
        self._since = time.monotonic()

    def ends(self) -> float:
        """Note that all is well again, and return how many seconds that took."""
        seconds = time.monotonic() - self._since
        self.seconds = max(self.seconds or 0.0, seconds)
        return seconds


@dataclass
class _Outcome:
    tries: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    worst: float | None = None


class Outcomes:
    """What came of the tries, by the fault's number."""

    def __init__(self) -> None:
        self._by_fault: dict[int, _Outcome] = defaultdict(_Outcome)

    def add(self, fault: int, report: pytest.TestReport, recovery_seconds: float | None) -> None:
        """Add one phase of one test."""
        outcome = self._by_fault[fault]
        if report.when == "call" and not report.skipped:
            outcome.tries.add(report.nodeid)
        if report.failed:
            outcome.tries.add(report.nodeid)
            outcome.failed.add(report.nodeid)
        if recovery_seconds is not None:
            outcome.worst = max(outcome.worst or 0.0, recovery_seconds)

    def is_complete(self) -> bool:
        """Return whether every fault was tried, or at least looked at."""
        return set(FAULTS) <= set(self._by_fault)

    def lines(self) -> list[str]:
        return [self._line(number, name) for number, name in FAULTS.items()]

    def _line(self, number: int, name: str) -> str:
        outcome = self._by_fault[number]
        passed = len(outcome.tries - outcome.failed)
        worst = "" if outcome.worst is None else f"{outcome.worst:.1f}"
        return f"| {number} | {name} | {len(outcome.tries)} | {passed} | {worst} |"


OUTCOMES = pytest.StashKey[Outcomes]()


def write_report(path: Path, outcomes: Outcomes, seed: str) -> None:
    """Write the page."""
    when = f"Last run: {datetime.now(UTC):%Y-%m-%d}, seed `{seed}`."
    path.write_text(HEAD.format(when=when) + "\n".join(outcomes.lines()) + "\n")
