"""An embedded stack of a test's own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.stack.embedded import EmbeddedStack


@pytest.fixture
def start_stack(tmp_path: Path) -> Iterator[Callable[..., EmbeddedStack]]:
    """Start a stack, ready to be used; nothing of it outlives the test."""
    stacks: list[EmbeddedStack] = []

    def start(**settings: str | None) -> EmbeddedStack:
        stack = EmbeddedStack(tmp_path, **settings)  # type: ignore[arg-type]
        stacks.append(stack)
        stack.wait_until_ready()
        return stack

    yield start
    for stack in stacks:
        stack.close()


@pytest.fixture
def stack(start_stack: Callable[..., EmbeddedStack]) -> EmbeddedStack:
    """A stack whose trainer is a stand-in that trains, reports, saves and obeys."""
    return start_stack()
