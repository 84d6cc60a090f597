"""Control planes with rules and quotas, whose jobs have ended as a test says."""

from collections.abc import Iterator

import pytest
from tests.api_process import ApiProcess

RULES = {
    "AXO_SWEEP__FILES_DAYS": "30",
    "AXO_SWEEP__CHECKPOINTS_DAYS": "30",
    "AXO_SWEEP__LOGS_DAYS": "30",
    "AXO_SWEEP__SCRATCH_DAYS": "30",
}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiProcess]:
    """A running control plane that keeps everything for a month, for all tests of a module."""
    process = ApiProcess(tmp_path_factory.mktemp("api"))
    process.settings |= RULES
    process.start()
    yield process
    process.close()
