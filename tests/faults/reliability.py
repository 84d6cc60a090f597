"""What came of the fault suite: each fault with how often it was tried, and the worst time that recovery took.

`python -m tests.faults.reliability FOLDER PAGE` makes the page of all runs that have left their outcomes in the folder.
"""

import json
import os
import sys
import time
from dataclasses import asdict, dataclass, field
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
A try is one test of one run; chance, which its seed decides, says where and when things break.

{when}

| # | fault | tries | passed | worst recovery (s) |
|--:|---|--:|--:|--:|
"""

_FAULT = "fault"
_RECOVERY = "recovery"


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
class Outcome:
    """What came of the tries of one fault, by the names of their tests."""

    tried: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    worst: float | None = None

    def add_recovery(self, seconds: float | None) -> None:
        if seconds is not None:
            self.worst = max(self.worst or 0.0, seconds)


def note(report: pytest.TestReport, fault: int, recovery: Recovery | None) -> None:
    """Have a test's report say what it broke, and how long recovery took: the report crosses to another process."""
    report.user_properties.append((_FAULT, fault))
    if recovery is not None:
        report.user_properties.append((_RECOVERY, recovery.seconds))


class Outcomes:
    """Collects what came of each fault in one run: a plugin of pytest."""

    def __init__(self, seed: str, kept_in: Path | None) -> None:
        self._seed = seed
        self._kept_in = kept_in
        self._by_fault: dict[int, Outcome] = {number: Outcome() for number in FAULTS}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        said = dict(report.user_properties)
        if _FAULT not in said:
            return
        outcome = self._by_fault[int(str(said[_FAULT]))]
        if report.failed or (report.when == "call" and not report.skipped):
            outcome.tried.add(report.nodeid)
        if report.failed:
            outcome.failed.add(report.nodeid)
        outcome.add_recovery(said.get(_RECOVERY))  # type: ignore[arg-type]  # properties are objects to pytest

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.write_line(f"faults: AXO_FAULTS_SEED={self._seed}")
        if self._kept_in:
            run = Run.of(self._seed, self._by_fault)
            (self._kept_in / f"{self._seed}-{os.getpid()}.json").write_text(json.dumps(asdict(run)))


@dataclass(frozen=True)
class Run:
    """What is kept of one pytest run: its seed, and for each fault the tries, those that passed, the worst recovery."""

    seed: str
    faults: dict[str, tuple[int, int, float | None]]

    @classmethod
    def of(cls, seed: str, outcomes: dict[int, Outcome]) -> "Run":
        tried = {
            str(number): (len(outcome.tried), len(outcome.tried - outcome.failed), outcome.worst)
            for number, outcome in outcomes.items()
        }
        return cls(seed, tried)


def page(runs: list[Run]) -> str:
    """Return the page of all that was run, as Markdown."""
    seeds = list(dict.fromkeys(run.seed for run in runs))
    when = f"Runs up to {datetime.now(UTC):%Y-%m-%d}: {len(seeds)}, by their seeds {', '.join(seeds)}."
    return HEAD.format(when=when) + "\n".join(_line(number, runs) for number in FAULTS) + "\n"


def _line(number: int, runs: list[Run]) -> str:
    tries, passed, worst = zip(*(run.faults[str(number)] for run in runs), strict=True)
    recoveries = [seconds for seconds in worst if seconds is not None]
    said = f"{max(recoveries):.1f}" if recoveries else ""
    return f"| {number} | {FAULTS[number]} | {sum(tries)} | {sum(passed)} | {said} |"


if __name__ == "__main__":
    kept = sorted(Path(sys.argv[1]).glob("*.json"), key=lambda file: file.stat().st_mtime)
    Path(sys.argv[2]).write_text(page([Run(**json.loads(file.read_text())) for file in kept]))
