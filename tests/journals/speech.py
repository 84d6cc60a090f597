"""What a run says in these tests: frames as journal lines."""

from datetime import UTC, datetime

from axo_contracts.frames import End, Frame, Log, Metric, Status, encode
from axo_contracts.lifecycle import JobStatus

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def log(seq: int, text: str = "", attempt: int = 1) -> bytes:
    """Return the line of a log frame."""
    return line(Log(attempt=attempt, seq=seq, time=MOMENT, text=text or f"line {seq}"))


def logs(first: int, last: int, text: str = "") -> bytes:
    """Return the lines of log frames `first` to `last`."""
    return b"".join(log(seq, text) for seq in range(first, last + 1))


def metric(seq: int, step: int) -> bytes:
    """Return the line of a metric frame."""
    return line(
        Metric(attempt=1, seq=seq, time=MOMENT, step=step, max_steps=100, epoch=step / 100, values={"loss": 1 / step})
    )


def status(event: int, status: JobStatus = JobStatus.RUNNING) -> bytes:
    """Return the line of a status frame."""
    return line(Status(event=event, time=MOMENT, status=status, attempt=1))


def end(event: int = 9) -> bytes:
    """Return the line of an end frame."""
    return line(End(event=event, time=MOMENT, status=JobStatus.SUCCEEDED))


def line(frame: Frame) -> bytes:
    """Return a frame as the journal has it."""
    return encode(frame) + b"\n"
