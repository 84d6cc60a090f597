"""A control plane to upload to."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.api_process import ApiProcess


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiProcess]:
    """A running control plane, for all tests of a module."""
    process = ApiProcess(tmp_path_factory.mktemp("api"))
    process.start()
    yield process
    process.close()


@pytest.fixture
def own_api(tmp_path: Path) -> Iterator[ApiProcess]:
    """A control plane that the test starts and ends."""
    process = ApiProcess(tmp_path)
    yield process
    process.close()
