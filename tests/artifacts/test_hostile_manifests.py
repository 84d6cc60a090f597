"""A result goes where the person said, and is of the job that was asked for, whatever a service has signed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.artifacts.hostile_service import CONTENT, FILE, signing

ASKED = "ftjob-01m80dj386h6snwnj5w2aq1gwa"
OTHER = "ftjob-01m80dj386h6snwnj5w2aq1gwb"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """The folder that the commands are given in."""
    folder = tmp_path / "here"
    folder.mkdir()
    return folder


@pytest.mark.parametrize(
    ("signed_id", "says"),
    [
        ("../x", "is of no job"),
        ("{parent}/x", "is of no job"),
        (f"{ASKED}\n", "is of no job"),
        (OTHER, f"is of another job: {OTHER}, not {ASKED}"),
    ],
    ids=["a folder beside", "an absolute path", "more than an id", "another job"],
)
def test_a_manifest_of_something_else_than_the_job_is_refused_and_nothing_is_written(
    here: Path, signed_id: str, says: str
) -> None:
    with signing(signed_id.format(parent=here.parent)) as url:
        pulled = _axo(here, "pull", ASKED, "--url", url)

    assert (pulled.returncode, says in pulled.stderr) == (1, True), pulled.stderr
    assert "Traceback" not in pulled.stderr
    assert [*here.parent.rglob("*")] == [here]


def test_what_was_pulled_as_one_job_is_not_verified_as_another(here: Path) -> None:
    with signing(OTHER) as url:
        pulled = _axo(here, "pull", OTHER, "--url", url)
        (here / OTHER).rename(here / "kept")
        as_itself = _axo(here, "verify", "kept", "--url", url)
        (here / "kept").rename(here / ASKED)
        in_folder = _axo(here, "verify", ASKED, "--url", url)
        on_service = _axo(here, "verify", ASKED, ASKED, "--url", url)

    assert (pulled.returncode, (here / ASKED / FILE).read_bytes()) == (0, CONTENT)
    assert as_itself.returncode == 0, as_itself.stderr
    for verified in (in_folder, on_service):
        assert (verified.returncode, "is of another job" in verified.stderr) == (1, True), verified.stderr


def _axo(where: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "axo_cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=where, env=os.environ)
