"""A followed job on a terminal: its progress bar, and the newest lines of its log under it."""

from collections import deque
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from axo_cli.following.run_state import RunState
from axo_cli.output import duration, number, status_text
from axo_cli.sse import Event
from axo_contracts.frames import Frame, Log

LOG_LINES = 10
BAR_WIDTH = 30


class LiveView:
    """Repaints itself in place, a few times a second."""

    def __init__(self, console: Console, *, logs: bool) -> None:
        self._logs: deque[Text] = deque(maxlen=LOG_LINES if logs else 0)
        self._state = RunState()
        self._connected = True
        self._live = Live(console=console, refresh_per_second=8, get_renderable=self._render)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self._logs.clear()
        self._live.stop()

    def show(self, event: Event, frame: Frame, state: RunState) -> None:
        """Remember what the next repaint shows."""
        self._state, self._connected = state, True
        if isinstance(frame, Log):
            self._logs.append(Text.from_ansi(frame.text))

    def dropped(self) -> None:
        """Show that the connection is being made again."""
        self._connected = False

    def _render(self) -> RenderableType:
        lines = [Text.assemble("  ", line, style="dim", no_wrap=True, overflow="ellipsis") for line in self._logs]
        return Group(self._bar(), *lines)

    def _bar(self) -> RenderableType:
        state = self._state
        grid = Table.grid(padding=(0, 2, 0, 0))
        bar = ProgressBar(total=max(1, state.max_steps), completed=state.step, width=BAR_WIDTH)
        grid.add_row(status_text(state.status), bar, *self._figures())
        return grid

    def _figures(self) -> list[str]:
        state = self._state
        if not self._connected:
            return ["connecting again …"]
        if not state.max_steps:
            return [state.activity]
        figures = [f"{state.step}/{state.max_steps}", f"loss {number(state.loss)}"]
        if state.epoch is not None:
            figures.insert(1, f"epoch {state.epoch:.2f}")
        if rate := state.steps_per_second():
            figures.append(f"{rate:.3g} steps/s")
        left = state.seconds_left()
        if left:
            figures.append(f"{duration(left)} left")
        return figures
