"""Control planes to break, on both databases."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.api.control_plane import ControlPlane
from tests.api.standin_worker import StandInWorker
from tests.postgres import PostgresServer
from tests.redis_server import RedisServer

from axo_api.migrations import upgrade

StartControlPlane = Callable[..., ControlPlane]


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A running Postgres for all tests."""
    with tempfile.TemporaryDirectory(prefix="axo-postgres-") as folder:  # a socket's path must be short
        server = PostgresServer(Path(folder))
        server.create()
        server.start()
        yield server
        server.stop()


@pytest.fixture(params=["sqlite", "postgres"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without any table, of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/axo.db"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture
def both_databases(empty_database: str) -> str:
    """The address of a database of each kind, ready to be used."""
    upgrade(empty_database)
    return empty_database


@pytest.fixture
def start_control_plane(tmp_path: Path, redis_url: str) -> Iterator[StartControlPlane]:
    """Start a control plane, by default on SQLite and the test's Redis; all are killed behind the test."""
    started: list[ControlPlane] = []

    def start(database_url: str = "", **settings: str) -> ControlPlane:
        plane = ControlPlane(tmp_path, redis_url, database_url or f"sqlite:///{tmp_path}/axo.db", **settings)
        started.append(plane)
        plane.start()
        return plane

    yield start
    for plane in started:
        plane.kill()
        plane.http.close()


@pytest.fixture
def control_plane(start_control_plane: StartControlPlane) -> ControlPlane:
    """A running control plane on SQLite."""
    return start_control_plane()


@pytest.fixture
def on_each_database(start_control_plane: StartControlPlane, both_databases: str) -> ControlPlane:
    """A running control plane, on SQLite and on Postgres."""
    return start_control_plane(both_databases)


@pytest.fixture
def worker(redis_server: RedisServer) -> Iterator[StandInWorker]:
    """A worker host without GPUs that is online."""
    worker = StandInWorker(redis_server.url)
    worker.start()
    yield worker
    worker.vanish()
