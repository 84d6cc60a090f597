"""The table that a run prints, and the files that it leaves."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from bench.figures import Figure

RESULTS = Path(__file__).parent / "results"
_HEAD = ("", "median", "p99", "limit", "median", "p99", "ratio", "target", "")


def show(figures: Sequence[Figure]) -> None:
    """Print the figures as one table."""
    rows = [_HEAD, *map(_row, figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def write_results(name: str, figures: Sequence[Figure]) -> None:
    """Write the figures of one benchmark to `results/{name}.json`, and on how busy a machine they were taken."""
    RESULTS.mkdir(exist_ok=True)
    found = {
        "benchmark": name,
        "at": datetime.now(UTC),
        "cpus": os.cpu_count(),
        "load_average": os.getloadavg(),
        "figures": [msgspec.to_builtins(figure) | {"ratio": round(figure.ratio, 2)} for figure in figures],
    }
    (RESULTS / f"{name}.json").write_bytes(msgspec.json.format(msgspec.json.encode(found)) + b"\n")


def _row(figure: Figure) -> tuple[str, ...]:
    target, verdict = "", ""
    if figure.target is not None:
        target, verdict = figure.target.text, "met" if figure.target.is_met else "NOT MET"
    return (
        figure.name,
        _number(figure.median, figure.unit),
        _number(figure.p99, figure.unit),
        figure.limit,
        _number(figure.limit_median, figure.unit),
        _number(figure.limit_p99, figure.unit),
        f"{figure.ratio:.2f}",
        target,
        verdict,
    )


def _number(value: float, unit: str) -> str:
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.2f} {unit}"
