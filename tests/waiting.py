"""Waiting on a condition, never on the clock."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

WARM_SECONDS = 400
"""For a helper, which gives way to all trainings beside it, to load what it checks configs with."""


def wait_for(look: Callable[[], T | None], what: str, seconds: float = 15) -> T:
    """Return what `look` returns, once that is true."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.01)
    return found
