"""A served job whose journal, rows and files a test writes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.api_process import ApiProcess
from tests.output.job_under_test import JobUnderTest


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiProcess]:
    """A running control plane, for all tests of a module."""
    process = ApiProcess(tmp_path_factory.mktemp("api"))
    process.start()
    yield process
    process.close()


@pytest.fixture
def own_api(tmp_path: Path) -> Iterator[ApiProcess]:
    """A running control plane that the test may stop."""
    process = ApiProcess(tmp_path)
    process.start()
    yield process
    process.close()


@pytest.fixture
def job(api: ApiProcess) -> JobUnderTest:
    """A job that has said nothing yet."""
    return JobUnderTest(api)
