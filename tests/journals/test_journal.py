"""The journal's one writer, and reading it forwards and backwards."""

import resource
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.journals import speech

from axo_api.journals.journal import Journal
from axo_api.journals.reading import OffsetError, read, start_of_tail, tail

EVERYTHING = 1 << 30
REPOSITORY = Path(__file__).parents[2]

WRITER = """
import sys
from pathlib import Path
from axo_api.journals.journal import Journal
from tests.journals import speech

journal = Journal.open(Path(sys.argv[1]))
for seq in range(1, 10**9):
    journal.append(speech.log(seq, "x" * 5000))
    if seq == 100:
        print("writing", flush=True)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "jobs" / "one" / "journal.ndjson"


def test_lines_are_read_as_they_were_appended(path: Path) -> None:
    journal = Journal.open(path)

    first = journal.append(speech.logs(1, 3))
    second = journal.append(speech.log(4))
    journal.sync()
    journal.close()

    assert first == (0, len(speech.logs(1, 3)))
    assert second == (first[1], first[1] + len(speech.log(4)))
    assert read(path, 0, EVERYTHING) == speech.logs(1, 4)
    assert read(path, second[0], EVERYTHING) == speech.log(4)


def test_a_line_without_its_newline_is_refused(path: Path) -> None:
    journal = Journal.open(path)

    with pytest.raises(ValueError, match="whole lines"):
        journal.append(b'{"type":"log"')

    journal.close()
    assert path.stat().st_size == 0


@pytest.mark.parametrize("torn", [b"{", speech.log(3)[:-1], b"\x00" * 70_000])
def test_a_torn_last_line_is_cut_off_when_the_journal_is_opened(path: Path, torn: bytes) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(speech.logs(1, 2) + torn)

    journal = Journal.open(path)
    journal.append(speech.log(3))
    journal.close()

    assert path.read_bytes() == speech.logs(1, 3)


def test_opening_finds_the_newest_run_position_and_the_newest_event(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(
        speech.status(3)
        + speech.log(8)
        + speech.status(5)
        + speech.logs(1, 2_000, "y" * 100)
        + speech.log(7, attempt=2)
    )

    journal = Journal.open(path)
    journal.close()

    assert (journal.last_attempt, journal.last_seq, journal.last_event) == (2, 7, 5)


def test_a_journal_that_says_nothing_is_at_zero(path: Path) -> None:
    journal = Journal.open(path)
    journal.close()

    assert (journal.end, journal.last_attempt, journal.last_seq, journal.last_event) == (0, 0, 0, 0)
    assert read(path, 0, EVERYTHING) == b""
    assert tail(path, 5, "log") == []


def test_a_disk_that_takes_half_a_write_leaves_none_of_it(path: Path) -> None:
    journal = Journal.open(path)
    journal.append(speech.logs(1, 10))

    with _files_of_at_most(journal.end + 100), pytest.raises(OSError, match="File too large"):
        journal.append(speech.logs(11, 20))
    journal.append(speech.log(11))
    journal.close()

    assert path.read_bytes() == speech.logs(1, 11)


def test_a_writer_killed_at_any_moment_leaves_whole_lines(path: Path) -> None:
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, cwd=REPOSITORY)
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"writing\n"
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()

    journal = Journal.open(path)
    journal.close()

    assert journal.last_seq >= 100
    assert path.read_bytes() == speech.logs(1, journal.last_seq, "x" * 5000)


@pytest.mark.parametrize("start", [1, -1, 5_000])
def test_reading_from_within_a_line_or_behind_the_end_is_refused(path: Path, start: int) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(speech.logs(1, 2))

    with pytest.raises(OffsetError, match=str(start)):
        read(path, start, EVERYTHING)


def test_a_journal_that_does_not_exist_yet_is_empty(path: Path) -> None:
    assert read(path, 0, EVERYTHING) == b""
    assert start_of_tail(path, 3, "log") == 0
    with pytest.raises(OffsetError):
        read(path, 10, EVERYTHING)


def test_reading_stops_at_the_last_whole_line_below_the_limit(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(speech.logs(1, 3) + b'{"type":"log","text":"being writ')

    assert read(path, 0, len(speech.logs(1, 3)) - 1) == speech.logs(1, 2)
    assert read(path, 0, EVERYTHING) == speech.logs(1, 3)
    assert read(path, len(speech.logs(1, 3)), EVERYTHING) == b""


def test_a_line_longer_than_the_limit_is_read_whole(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(speech.log(1, "z" * 300_000) + speech.log(2))

    assert read(path, 0, 1_000) == speech.log(1, "z" * 300_000)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 8, 900, 2_000])
@pytest.mark.parametrize("text", ["short", "x" * 90_000])
def test_the_tail_is_the_newest_lines_of_a_type(path: Path, count: int, text: str) -> None:
    lines = [line for step in range(1, 8) for line in (speech.log(step, text), speech.metric(step, step))]
    path.parent.mkdir(parents=True)
    path.write_bytes(b"".join(lines) + b'{"type":"log"')
    newest = [line.rstrip() for line in lines[::2]][max(0, 7 - count) :]

    assert tail(path, count, "log") == newest
    shown = read(path, start_of_tail(path, count, "log"), EVERYTHING).splitlines()
    assert [line for line in shown if line.startswith(b'{"type":"log"')] == newest


def test_the_tail_of_a_large_journal_takes_little_memory(path: Path) -> None:
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        block = speech.logs(1, 10_000, "x" * 100)
        for _ in range(10):
            file.write(block)
    tracemalloc.start()

    found = tail(path, 10, "log")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert len(found) == 10
    assert peak < 2**20


@contextmanager
def _files_of_at_most(size: int) -> Iterator[None]:
    """Let no file of this process grow over `size` bytes: a write over it is short, the next one fails."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
