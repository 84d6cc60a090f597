"""Models to be asked, made once."""

import pytest
from tests.serving.tiny import Tiny


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    """A tiny model and its adapters."""
    return Tiny.make(tmp_path_factory.mktemp("tiny"))
