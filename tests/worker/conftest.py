"""A worker under test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.worker.rig import Rig


@pytest.fixture
def worker(tmp_path: Path, redis_url: str) -> Iterator[Rig]:
    """A worker that is not started yet; nothing of it outlives the test."""
    rig = Rig(tmp_path, redis_url)
    yield rig
    rig.close()
