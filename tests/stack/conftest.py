"""An embedded stack whose trainer is a stand-in."""

from collections.abc import Callable

import pytest
from tests.stack.embedded import EmbeddedStack


@pytest.fixture
def stack(start_stack: Callable[..., EmbeddedStack]) -> EmbeddedStack:
    """A stack whose trainer is a stand-in that trains, reports, saves and obeys."""
    return start_stack()
