"""Services that tests of every part use: real ones, started for one test."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.redis_server import RedisServer


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """A running Valkey that the test may kill, freeze and start again."""
    with tempfile.TemporaryDirectory(prefix="axo-redis-") as folder:  # a socket's path must be short
        server = RedisServer(Path(folder))
        server.start()
        yield server
        server.kill()


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """The address of a running, empty Valkey."""
    return redis_server.url
