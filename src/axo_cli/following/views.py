"""The three ways to show a followed job: live on a terminal, as plain lines, as its frames for programs."""

import sys
from datetime import datetime, timedelta
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console

from axo_cli.following.live import LiveView
from axo_cli.following.run_state import RunState
from axo_cli.output import print_event, size
from axo_cli.sse import Event
from axo_cli.terminal_text import shown
from axo_contracts.frames import AttemptStarted, Checkpoint, Frame, Log, Metric, Phase, Status
from axo_contracts.standing_text import progress_sentence

METRIC_INTERVAL = timedelta(seconds=1)


class View(Protocol):
    """Shows one job while it is followed."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

    def show(self, event: Event, frame: Frame, state: RunState) -> None:
        """Show `frame`, which `state` has taken in already."""

    def dropped(self) -> None:
        """Say that the connection is lost and is being made again."""

    def waits(self, state: RunState) -> None:
        """Show what a job waits for that is queued."""


class _Unframed:
    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def waits(self, state: RunState) -> None:
        """Show nothing: what comes of the waiting is shown."""


class JsonView(_Unframed):
    """One frame's JSON a line, byte for byte as the service sent it."""

    def show(self, event: Event, frame: Frame, state: RunState) -> None:
        """Write the frame's line."""
        print_event(event.data)

    def dropped(self) -> None:
        """Say so on stderr, where no program reads."""
        say_dropped()


class PlainView(_Unframed):
    """One line a thing that happened. Of fast steps, one a second is shown."""

    def __init__(self, *, logs: bool) -> None:
        self._logs = logs
        self._last_metric: datetime | None = None
        self._waiting = ""

    def show(self, event: Event, frame: Frame, state: RunState) -> None:
        """Print what is worth a line."""
        if line := self._line(frame, state):
            print(shown(line), flush=True)

    def dropped(self) -> None:
        """Say so on stderr."""
        say_dropped()

    def waits(self, state: RunState) -> None:
        """Print what the job waits for, when that is something else."""
        if state.waiting != self._waiting:
            self._waiting = state.waiting
            print(shown(f"waits: {state.waiting}"), flush=True)

    def _line(self, frame: Frame, state: RunState) -> str | None:
        match frame:
            case Status():
                return f"{frame.status.value}  {frame.message}".rstrip()
            case AttemptStarted():
                resumed = f", from step {frame.resumed_from_step}" if frame.resumed_from_step else ""
                return f"attempt {frame.attempt} started on {frame.worker}{resumed}"
            case Metric() if "loss" in frame.values and self._is_due(frame):
                return describe(state)
            case Phase() if frame.phase != "training":
                return frame.phase
            case Checkpoint():
                return f"checkpoint at step {frame.step} ({size(frame.bytes)})"
            case Log() if self._logs:
                return frame.text
            case _:
                return None

    def _is_due(self, metric: Metric) -> bool:
        last = self._last_metric
        due = last is None or metric.time - last >= METRIC_INTERVAL or metric.step >= metric.max_steps
        if due:
            self._last_metric = metric.time
        return due


def choose_view(console: Console, *, as_json: bool, logs: bool) -> View:
    """Return the view that fits stdout. A dumb terminal cannot repaint."""
    if as_json:
        return JsonView()
    can_repaint = console.is_terminal and not console.is_dumb_terminal
    return LiveView(console, logs=logs) if can_repaint else PlainView(logs=logs)


def describe(state: RunState) -> str:
    """Return where a run stands in one line."""
    standing = state.standing()
    return progress_sentence(standing) if standing else state.status


def say_dropped() -> None:
    """Say on stderr that the connection is being made again."""
    print("The connection was lost; connecting again …", file=sys.stderr, flush=True)
