"""A million points thinned to a thousand, beside a scan of the same numbers and beside SQL's GROUP BY."""

import math
import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import numpy as np

from axo_api.metrics.blocks import columns_beside
from axo_api.metrics.metric_log import MetricLog
from axo_api.metrics.service import Wanted, series_json
from axo_contracts import storage_paths
from axo_contracts.frames import Metric, encode
from axo_contracts.ids import JOB, new_id
from bench.figures import Figure, Target

POINTS = 1_000_000
SHOWN = 1000
JOBS = 10
ROUNDS = 25
LINES_AN_APPEND = 1000
LARGEST_MEDIAN_MS = 20.0
LARGEST_GROWTH = 1.5
_GROUPED = """
SELECT min(step), min(value), max(value) FROM metrics WHERE job = ? AND name = 'loss' GROUP BY step / ? ORDER BY 1
"""


def run(folder: Path) -> list[Figure]:
    """Thin a job's losses in turns with a scan and with SQL, with one job of the size and with ten."""
    job_ids = [new_id(JOB) for _ in range(JOBS)]
    numbers, database = folder / "numbers", sqlite3.connect(folder / "metrics.db")
    database.execute("CREATE TABLE metrics (job, step, name, value, PRIMARY KEY (job, name, step)) WITHOUT ROWID")
    np.array([_loss(step) for step in range(POINTS)]).tofile(numbers)
    _record(folder, job_ids[0])
    _insert(database, job_ids[0])
    ways: dict[str, Callable[[str], None]] = {
        "axo": lambda job_id: _check(series_json(Wanted(folder, [job_id], ["loss"], 0), SHOWN)),
        "scan": lambda _: _scan(numbers),
        "SQL": lambda job_id: _check_rows(database.execute(_GROUPED, (job_id, POINTS // (SHOWN // 2))).fetchall()),
    }
    alone = _timed(ways, job_ids[:1])
    for job_id in job_ids[1:]:
        _copy(folder, job_ids[0], job_id)
    os.sync()  # what is still being written would be measured too
    among_ten = _timed({"axo": ways["axo"], "scan": ways["scan"]}, job_ids)
    database.close()
    return _figures(alone, among_ten)


def _figures(alone: dict[str, list[float]], among_ten: dict[str, list[float]]) -> list[Figure]:
    own, others = median(alone["axo"]), median(among_ten["axo"])
    fast = Target(f"≤ {LARGEST_MEDIAN_MS:g} ms", own <= LARGEST_MEDIAN_MS)
    even = Target(f"≤ {LARGEST_GROWTH:g} × one job ({own:.1f} ms)", others <= LARGEST_GROWTH * own)
    return [
        Figure.of("1,000,000 points to 1,000", alone["axo"], "scan with numpy", alone["scan"], target=fast),
        Figure.of("  the same", alone["axo"], "SQL GROUP BY", alone["SQL"]),
        Figure.of("  one of ten such jobs", among_ten["axo"], "scan with numpy", among_ten["scan"], target=even),
    ]


def _timed(ways: dict[str, Callable[[str], None]], job_ids: list[str]) -> dict[str, list[float]]:
    """Return how long each way took, in milliseconds, in turns, after one turn that does not count."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(ROUNDS + len(job_ids)):
        for name, work in ways.items():
            began = time.perf_counter()
            work(job_ids[turn % len(job_ids)])
            if turn >= len(job_ids):
                found[name].append((time.perf_counter() - began) * 1e3)
    return found


def _loss(step: int) -> float:
    return 2.0 * math.exp(-step / 300_000) + 0.1 * math.sin(step * 12.9898) ** 2


def _record(folder: Path, job_id: str) -> None:
    """Have a job's metrics as the recorder keeps them: three names, a million steps."""
    path = folder / storage_paths.metrics(job_id)
    log = MetricLog.open(path, folder / storage_paths.journal(job_id))
    now = datetime.now(UTC)
    for first in range(0, POINTS, LINES_AN_APPEND):
        frames = [_metric(step, now) for step in range(first, first + LINES_AN_APPEND)]
        log.append([(encode(frame), frame) for frame in frames])
        log.seal_when_due()
    log.close()


def _copy(folder: Path, job_id: str, to: str) -> None:
    """Give another job columns of its own, with the same lines."""
    lines, copy = folder / storage_paths.metrics(job_id), folder / storage_paths.metrics(to)
    copy.parent.mkdir(parents=True)
    shutil.copyfile(columns_beside(lines), columns_beside(copy))
    copy.hardlink_to(lines)


def _metric(step: int, at: datetime) -> Metric:
    values: dict[str, float | None] = {"loss": _loss(step), "grad_norm": 1.0 + step % 7, "learning_rate": 2e-4}
    return Metric(attempt=1, seq=step + 1, time=at, step=step, max_steps=POINTS, epoch=step / POINTS, values=values)


def _insert(database: sqlite3.Connection, job_id: str) -> None:
    with database:
        rows = ((job_id, step, "loss", _loss(step)) for step in range(POINTS))
        database.executemany("INSERT INTO metrics VALUES (?, ?, ?, ?)", rows)


def _scan(numbers: Path) -> None:
    """The limit: the numbers alone, as one array in a file, and their lows and highs."""
    buckets = np.memmap(numbers, np.float64, "r").reshape(SHOWN // 2, -1)
    buckets.argmin(axis=1)
    buckets.argmax(axis=1)


def _check(text: bytes) -> None:
    if b'"total":1000000' not in text:
        raise ValueError(f"there are other points: {text[:200]!r}")


def _check_rows(rows: list[tuple[int, float, float]]) -> None:
    if len(rows) != SHOWN // 2:
        raise ValueError(f"there are {len(rows)} buckets")
