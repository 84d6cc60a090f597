"""Control planes to break, on both databases."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis, RedisError
from tests.api.control_plane import ControlPlane
from tests.api.keyed_plane import KeyedPlane
from tests.api.standin_worker import StandInWorker, online
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


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """A running Postgres that the test may stop."""
    with tempfile.TemporaryDirectory(prefix="axo-postgres-") as folder:
        server = PostgresServer(Path(folder))
        server.create()
        server.start()
        yield server
        server.stop()


@pytest.fixture(params=["sqlite", "postgres"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without any table, of each kind."""
    return _new_database(request.param, request, tmp_path)


@pytest.fixture(scope="session")
def sockets() -> Iterator[Path]:
    """A folder whose path is short, as a socket's must be."""
    with tempfile.TemporaryDirectory(prefix="axo-redis-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def planes() -> Iterator[dict[str, ControlPlane]]:
    """The control planes that tests hand on to each other, by kind of database: a start takes longer than a test."""
    planes: dict[str, ControlPlane] = {}
    yield planes
    for plane in planes.values():
        plane.close()
        plane.redis_server.kill()


@pytest.fixture
def plane(
    request: pytest.FixtureRequest,
    sockets: Path,
    planes: dict[str, ControlPlane],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ControlPlane]:
    """A running control plane of which no job is left unended, and its empty Redis; on SQLite unless a test says."""
    kind = getattr(request, "param", "sqlite")
    if kind not in planes:
        home = tmp_path_factory.mktemp("plane")
        database_url = _new_database(kind, request, home)
        upgrade(database_url)
        redis_server = RedisServer(Path(tempfile.mkdtemp(dir=sockets)))
        redis_server.start()
        planes[kind] = ControlPlane(home, redis_server, database_url)
        planes[kind].start()
    plane = planes[kind]
    yield plane
    _flush(plane.redis_server)
    if not plane.settle():
        plane.close()
        plane.redis_server.kill()
        del planes[kind]


@pytest.fixture(scope="session")
def keyed_planes() -> Iterator[dict[str, KeyedPlane]]:
    """The control planes that ask for keys, by kind of database; each test brings owners of its own."""
    planes: dict[str, KeyedPlane] = {}
    yield planes
    for plane in planes.values():
        plane.close()
        plane.redis_server.kill()


@pytest.fixture
def keyed(
    request: pytest.FixtureRequest,
    sockets: Path,
    keyed_planes: dict[str, KeyedPlane],
    tmp_path_factory: pytest.TempPathFactory,
) -> KeyedPlane:
    """A running control plane that asks for keys, with an admin; on SQLite unless a test says."""
    kind = getattr(request, "param", "sqlite")
    if kind not in keyed_planes:
        home = tmp_path_factory.mktemp("keyed")
        database_url = _new_database(kind, request, home)
        upgrade(database_url)
        redis_server = RedisServer(Path(tempfile.mkdtemp(dir=sockets)))
        redis_server.start()
        keyed_planes[kind] = KeyedPlane(home, redis_server, database_url, AXO_REQUIRE_KEYS="true")
        keyed_planes[kind].create_first_key()
        keyed_planes[kind].start()
    return keyed_planes[kind]


@pytest.fixture
def start_control_plane(tmp_path: Path, redis_server: RedisServer) -> Iterator[StartControlPlane]:
    """Start a control plane of the test's own, by default on SQLite; all are killed behind the test."""
    started: list[ControlPlane] = []

    def start(database_url: str = "", **settings: str) -> ControlPlane:
        own = ControlPlane(tmp_path, redis_server, database_url or f"sqlite:///{tmp_path}/axo.db", **settings)
        own.output = tmp_path / f"api-{len(started)}.txt"
        started.append(own)
        own.start()
        return own

    yield start
    for own in started:
        own.close()


@pytest.fixture
def worker(plane: ControlPlane) -> Iterator[StandInWorker]:
    """A worker host without GPUs that is online, for the test's control plane."""
    with online(plane.redis_server.url) as worker:
        yield worker


def _new_database(kind: str, request: pytest.FixtureRequest, folder: Path) -> str:
    if kind == "sqlite":
        return f"sqlite:///{folder}/axo.db"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_database()


def _flush(server: RedisServer) -> None:
    with Redis.from_url(server.url) as redis:
        try:
            redis.flushall()
        except RedisError:
            server.start()
