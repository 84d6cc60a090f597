"""`axo watch`: one line a move of any job, over as many connections as it takes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from tests.cli.fake_service import Axo, Service
from tests.cli.recorded_job import JOB_ID
from tests.cli.stack_under_test import wait_until

from axo_cli.sse import Event, events
from axo_contracts.events import JobEvent
from axo_contracts.frames import encode
from axo_contracts.lifecycle import JobStatus

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

Watching = subprocess.Popen[str]


@pytest.fixture(autouse=True)
def _moves(service: Service) -> None:
    service.moves = [_move(1, JobStatus.QUEUED, "The job waits for a worker.")]
    service.moves.append(_move(2, JobStatus.RUNNING, "Its\r\ntrainer \x1b[31msays\x1b[0m\x07 so."))


def test_each_move_is_a_line_with_no_gap_and_no_repeat_when_connections_drop(service: Service) -> None:
    with _watching(service) as command:
        lines = [_line(command) for _ in service.moves]
        told = _interrupted(command)

    assert lines == [
        "2026-01-02 03:04:05  01m80dj386h6s  queued            first: The job waits for a worker.",
        "2026-01-02 03:04:05  01m80dj386h6s  running           first: Its trainer says so.",
    ]
    assert [last_id for _, last_id in service.watched[:3]] == [None, "0", "1"]
    assert "connecting again" in told


def test_programs_get_each_event_as_the_service_sent_it(service: Service) -> None:
    with _watching(service, "--json") as command:
        lines = [_line(command) for _ in service.moves]
        _interrupted(command)

    assert [line.encode() for line in lines] == service.moves


def test_ctrl_c_ends_it_at_the_first_press_while_the_service_is_silent(service: Service) -> None:
    service.moves.clear()
    with _watching(service) as command:
        wait_until(lambda: len(service.watched) > 1, "the command to watch")
        told = _interrupted(command)

    assert "Traceback" not in told


def test_the_filters_are_those_of_the_stream(service: Service) -> None:
    options = "--status=failed --status=succeeded --event=resumed --event=axo.job.failed.v1 --label=team=red --after=7"
    with _watching(service, *options.split(), "--owner=*") as command:
        wait_until(lambda: bool(service.watched), "the command to watch")
        _interrupted(command)

    assert service.watched[0][0] == (
        "status=failed&status=succeeded&events=axo.job.resumed.v1%2Caxo.job.failed.v1"
        "&metadata%5Bteam%5D=red&owner=%2A&after=7"
    )


def test_a_service_that_is_not_there_is_told_in_one_sentence(axo: Axo) -> None:
    done = axo("watch", url="http://127.0.0.1:9")

    assert done.returncode == 1
    assert "No axo service answers at http://127.0.0.1:9" in done.stderr


def test_an_id_holds_though_it_comes_without_data() -> None:
    said = [b": ping\n\nid: 7\n\n: ping\n", b"\nevent: log\ndata: a\n\nid: 9\ndata: half"]

    assert list(events(said)) == [Event("7", "message", b""), Event("7", "log", b"a")]


def _move(number: int, status: JobStatus, message: str) -> bytes:
    return encode(
        JobEvent(
            id=str(number),
            type=f"axo.job.{status.value}.v1",
            time=AT,
            job=JOB_ID,
            owner="local",
            name="first",
            status=status,
            attempt=1,
            message=message,
            links={},
        )
    )


@contextmanager
def _watching(service: Service, *options: str) -> Iterator[Watching]:
    command = [sys.executable, "-m", "axo_cli", "watch", "--url", service.url, *options]
    environment = {**os.environ, "TZ": "UTC"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _line(command: Watching) -> str:
    assert command.stdout
    return command.stdout.readline().rstrip("\n")


def _interrupted(command: Watching) -> str:
    """Press Ctrl-C once, and return what was said on stderr."""
    command.send_signal(signal.SIGINT)
    told = command.communicate(timeout=30)[1]
    assert command.returncode == 130
    return told
