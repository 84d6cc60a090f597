"""An embedded stack whose trainer is a stand-in."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.stack.embedded import ENDED, EmbeddedStack


@pytest.fixture
def stack(start_stack: Callable[..., EmbeddedStack]) -> EmbeddedStack:
    """A stack whose trainer is a stand-in that trains, reports, saves and obeys."""
    return start_stack()


@pytest.fixture(scope="module")
def kept_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    """A stack for all tests of a file. Its trainer is the stand-in above, or the one that a base model is named for."""
    with EmbeddedStack(tmp_path_factory.mktemp("stack"), trainer="trainer_of_the_model") as stack:
        stack.model = Path(stack.model_for("obeys_the_control_file"))
        yield stack


@pytest.fixture
def shared_stack(kept_stack: EmbeddedStack) -> Iterator[EmbeddedStack]:
    """The stack of a file, up; what the test leaves going is cancelled."""
    yield kept_stack
    if kept_stack.process.poll() is not None:
        kept_stack.start_again()
    kept_stack.wait_until_ready()
    going = [
        job["id"] for job in kept_stack.http.get("/v1/jobs?limit=100").json()["data"] if job["status"] not in ENDED
    ]
    for job_id in going:
        kept_stack.tell(job_id, "cancel")
    for job_id in going:
        kept_stack.wait_for_end(job_id)
