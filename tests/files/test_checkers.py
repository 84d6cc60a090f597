"""Files are checked by processes of their own: one that is killed costs no file, and none is left behind."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from tests.api_process import ApiProcess
from tests.files.reading import LIMITS
from tests.files.uploads import CHAT, rows, upload

from axo_api.errors import Unavailable
from axo_api.files.checkers.pool import MOST_PROCESSES, PROGRAM, Checkers
from axo_api.files.intake import Contents, Intake
from axo_contracts.wrappings import Wrapping

FILE = "file-00"
CONTENT = rows(*({**CHAT, "number": number} for number in range(3000)))


@pytest.fixture
def checkers() -> Iterator[Checkers]:
    """Processes that check, for one test."""
    started = Checkers(LIMITS)
    yield started
    started.close()


async def test_a_check_whose_process_is_killed_is_done_again(checkers: Checkers, tmp_path: Path) -> None:
    intake = Intake(tmp_path, FILE, Wrapping("jsonl"), checkers)
    intake.write(CONTENT[:100_000])
    _kill_those_of(psutil.Process())
    intake.write(CONTENT[100_000:])

    contents = await _kept(intake)

    assert (contents.report.rows, contents.report.bad_rows) == (3000, 0)


async def test_a_check_whose_process_is_killed_again_and_again_fails_and_says_so(
    checkers: Checkers, tmp_path: Path
) -> None:
    intake = Intake(tmp_path, FILE, Wrapping("jsonl"), checkers)

    with pytest.raises(Unavailable, match=r"cut short: its process was ended again and again.* -9\. Send it again"):
        await asyncio.to_thread(_write_and_kill, intake)

    intake.discard()
    assert (await _kept(Intake(tmp_path, FILE, Wrapping("jsonl"), checkers), CONTENT)).report.rows == 3000


async def test_files_that_come_side_by_side_share_a_few_processes(checkers: Checkers, tmp_path: Path) -> None:
    intakes = [Intake(tmp_path, f"file-{number:02}", Wrapping("jsonl"), checkers) for number in range(12)]
    started = _checking_for(psutil.Process())

    kept = await asyncio.gather(*(_kept(intake, CONTENT[: 10_000 * n]) for n, intake in enumerate(intakes, start=1)))

    assert 1 <= len(started) <= MOST_PROCESSES
    found = [contents.report.rows for contents in kept]
    assert found == [CONTENT[: 10_000 * n].count(b"\n") + 1 for n in range(1, 13)]


async def test_a_closed_pool_leaves_no_process_and_a_check_without_a_result(checkers: Checkers, tmp_path: Path) -> None:
    intake = Intake(tmp_path, FILE, Wrapping("jsonl"), checkers)
    intake.write(CONTENT)
    started = _checking_for(psutil.Process())

    checkers.close()

    assert started
    assert not any(process.is_running() for process in started)
    with pytest.raises(Unavailable, match="the service stops"):
        await _kept(intake)
    intake.discard()


def test_no_process_outlives_a_service_that_is_killed(own_api: ApiProcess) -> None:
    own_api.start()
    assert upload(own_api, CONTENT).status_code == 201
    checking = _checking_for(psutil.Process(own_api.pid))

    own_api.kill()

    assert checking
    assert not psutil.wait_procs(checking, timeout=20)[1]


async def _kept(intake: Intake, content: bytes = b"") -> Contents:
    if content:
        intake.write(content)
    return await intake.keep(intake.file.path.name)


def _checking_for(parent: psutil.Process) -> list[psutil.Process]:
    return [child for child in parent.children() if child.is_running() and PROGRAM in _command(child)]


def _command(process: psutil.Process) -> list[str]:
    try:
        command: list[str] = process.cmdline()
    except psutil.NoSuchProcess:
        return []
    return command


def _kill_those_of(parent: psutil.Process) -> None:
    found = _checking_for(parent)
    assert found
    for process in found:
        process.kill()


def _write_and_kill(intake: Intake) -> None:
    while True:
        intake.write(CONTENT)
        for process in _checking_for(psutil.Process()):
            process.kill()
