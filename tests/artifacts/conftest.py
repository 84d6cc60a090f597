"""Jobs with files: one whose files a test writes, and one that a whole stack has run with a stand-in trainer."""

from collections.abc import Iterator

import pytest
from tests.artifacts.trained import Trained
from tests.output.conftest import api as api
from tests.output.conftest import job as job
from tests.stack.embedded import EmbeddedStack


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    """A job that has succeeded, on a stack that still runs."""
    with EmbeddedStack(tmp_path_factory.mktemp("trained"), trainer="leaves_files") as stack:
        yield Trained.on(stack)
