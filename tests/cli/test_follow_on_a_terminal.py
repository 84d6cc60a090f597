"""What a person sees of `axo follow`, from the queue to the end, on wide, narrow and dumb terminals."""

from datetime import timedelta
from typing import Any

import pytest
from tests.cli.fake_service import Service
from tests.cli.recorded_job import BEGIN, JOB_ID
from tests.cli.stack_under_test import wait_until
from tests.cli.terminal import Terminal, axo_in_terminal

from axo_contracts import frames
from axo_contracts.lifecycle import EndReason, JobStatus

WAITS = "needs 2 GPUs, 1 free; next free in about 12 min"
STEP_SECONDS = 60.0


class Teller:
    """Has the service's job go on, frame by frame."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._seconds, self._numbers = 0.0, 0
        service.is_live = True
        service.journal[:] = [_status(JobStatus.QUEUED)]
        service.jobs[0] |= {"status": "queued", "waiting": _waiting()}

    def starts(self) -> None:
        self._says(_status(JobStatus.RUNNING))
        self._says(frames.encode(frames.AttemptStarted(**self._stamp(), worker="w", gpus=())))

    def turns_to(self, phase: frames.PhaseName, max_steps: int | None = None) -> None:
        step = None if max_steps is None else 0
        self._says(frames.encode(frames.Phase(**self._stamp(), phase=phase, step=step, max_steps=max_steps)))

    def logs(self, text: str) -> None:
        self._says(frames.encode(frames.Log(**self._stamp(), text=text)))

    def steps(self, step: int, loss: float | str | None) -> None:
        self._seconds += STEP_SECONDS
        values = {} if loss is None else {"loss": None if isinstance(loss, str) else loss}
        named = {"loss": loss} if isinstance(loss, str) else {}
        said: dict[str, Any] = {"step": step, "max_steps": 20, "epoch": step / 20, "values": values}
        self._says(frames.encode(frames.Metric(**self._stamp(), **said, non_finite=named)))

    def ends(self) -> None:
        end = frames.End(event=3, time=BEGIN, status=JobStatus.SUCCEEDED, reason=EndReason.COMPLETED)
        self._service.jobs[0] |= {"status": "succeeded", "waiting": None}
        self._says(frames.encode(end))

    def _says(self, line: bytes) -> None:
        self._service.journal.append(line)

    def _stamp(self) -> dict[str, Any]:
        self._numbers += 1
        return {"attempt": 1, "seq": self._numbers, "time": BEGIN + timedelta(seconds=self._seconds)}


@pytest.mark.parametrize("columns", [80, 40])
def test_a_person_sees_bar_phase_loss_and_time_left_in_place(service: Service, columns: int) -> None:
    job = Teller(service)
    with axo_in_terminal("follow", JOB_ID, "--url", service.url, columns=columns) as terminal:
        _wait(terminal, "queued", "place 2: needs 2 GPUs")
        job.starts()
        job.turns_to("loading model")
        _wait(terminal, "running", "loading model")
        job.turns_to("training", max_steps=20)
        _wait(terminal, "0/20", "training", "loss –")
        assert not terminal.shows("left")
        job.steps(1, None)
        _wait(terminal, "1/20", "loss –")
        assert not terminal.shows("left")
        job.logs("a line of the log that is longer than forty columns are wide")
        job.steps(2, "nan")
        _wait(terminal, "2/20", "loss nan", "  a line of the log", " min ")
        job.steps(3, "inf")
        _wait(terminal, "3/20", "loss inf", "epoch 0.15", "60 s a step")
        job.turns_to("saving")
        _wait(terminal, "3/20", "saving")
        job.steps(20, 0.5)
        job.ends()
        assert terminal.wait_for_end() == 0
        screens = terminal.screens

    assert all(sum("/20" in line for line in screen) <= 1 for screen in screens), "a bar was painted twice"
    assert all("/20" in screen[0] for screen in screens if any("/20" in line for line in screen))
    left = [screen[0] for screen in screens if "left" in screen[0]]
    assert left
    assert all("min" in line and "━" in line and "…" not in line for line in left), left
    assert screens[-1][0].startswith("succeeded")
    assert "loss 6 → 0.5 in 20 steps" in screens[-1]
    assert not any("line of the log" in line for line in screens[-1])


def test_a_terminal_that_cannot_repaint_is_told_line_by_line(service: Service) -> None:
    with axo_in_terminal("follow", JOB_ID, "--url", service.url, term="dumb") as terminal:
        assert terminal.wait_for_end() == 0

    assert b"\x1b" not in terminal.written
    assert b"step 10 of 20, loss 0.6, 1 steps/s, 10 s left\r\n" in terminal.written


def _wait(terminal: Terminal, *texts: str) -> None:
    wait_until(lambda: terminal.shows(*texts), lambda: f"{texts} on the screen:\n" + "\n".join(terminal.lines()), 60)


def _status(status: JobStatus) -> bytes:
    return frames.encode(frames.Status(event=1, time=BEGIN, status=status, attempt=1))


def _waiting() -> dict[str, Any]:
    return {"position": 2, "reason": WAITS, "estimated_start": None}
