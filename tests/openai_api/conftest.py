"""A control plane that OpenAI's own clients talk to, and a stand-in worker for it."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest
from tests.api.conftest import postgres
from tests.api.control_plane import ControlPlane
from tests.api.standin_worker import StandInWorker
from tests.openai_api.clients import client_of
from tests.redis_server import RedisServer

from axo_api.migrations import upgrade

__all__ = ["postgres"]

BASE_MODELS = '{"gpt-4o-mini": "org/tiny"}'


@pytest.fixture(scope="module")
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A running control plane with an operator's base models; on SQLite unless a test says."""
    home = tmp_path_factory.mktemp("service")
    database_url = f"sqlite:///{home}/axo.db"
    if getattr(request, "param", "sqlite") == "postgres":
        database_url = request.getfixturevalue("postgres").new_database()
        upgrade(database_url)
    with tempfile.TemporaryDirectory(prefix="axo-redis-") as folder:  # a socket's path must be short
        redis_server = RedisServer(Path(folder))
        redis_server.start()
        plane = ControlPlane(home, redis_server, database_url, AXO_BASE_MODELS=BASE_MODELS)
        plane.start()
        yield plane
        plane.close()
        redis_server.kill()


@pytest.fixture
def client(service: ControlPlane) -> Iterator[openai.OpenAI]:
    """OpenAI's Python client, unmodified. Behind the test, no job is left unended."""
    with client_of(service) as client:
        yield client
    service.settle()


@pytest.fixture
def worker(service: ControlPlane) -> Iterator[StandInWorker]:
    """A worker host that is online."""
    worker = StandInWorker(service.redis_server.url)
    worker.start()
    yield worker
    worker.vanish()
