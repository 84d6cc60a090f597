"""Services that tests of every part use: real ones, started for one test."""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
from tests.redis_server import RedisServer
from tests.stack.embedded import EmbeddedStack

# Tiny models have nothing to share among threads, which wait for each other by spinning: beside a second trainer a step
# took 1 s instead of 0.1.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Nothing is said of an example that took long: what else the machine does decides that.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")


_LONGEST_FIRST = ("stack", "worker", "plans", "kinds", "cli", "faults", "openai_api", "trackers", "serving", "api")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the folders that have the longest files, each of which is one process's: none is waited for alone."""
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    folder = item.path.relative_to(Path(__file__).parent).parts[0]
    return _LONGEST_FIRST.index(folder) if folder in _LONGEST_FIRST else len(_LONGEST_FIRST)


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


@pytest.fixture
def stacks() -> Iterator[list[EmbeddedStack]]:
    """The embedded stacks of one test; nothing of them outlives it."""
    started: list[EmbeddedStack] = []
    yield started
    for stack in started:
        stack.close()


@pytest.fixture
def start_stack(tmp_path: Path, stacks: list[EmbeddedStack]) -> Callable[..., EmbeddedStack]:
    """Start a stack, ready to be used."""

    def start(**settings: str | None) -> EmbeddedStack:
        stack = EmbeddedStack(tmp_path, **settings)  # type: ignore[arg-type]
        stacks.append(stack)
        stack.wait_until_ready()
        return stack

    return start
