"""A followed job on a terminal: its progress bar, and the newest lines of its log under it."""

from collections import deque
from datetime import datetime, timedelta
from time import monotonic
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from axo_cli.following.run_state import RunState
from axo_cli.output import DASH, status_text
from axo_cli.sse import Event
from axo_contracts.frames import Frame, Log
from axo_contracts.standing import Standing
from axo_contracts.standing_text import loss_text, time_left

LOG_LINES = 10
BAR_WIDTH = 30


class LiveView:
    """Repaints itself in place, a few times a second."""

    def __init__(self, console: Console, *, logs: bool) -> None:
        self._logs: deque[Text] = deque(maxlen=LOG_LINES if logs else 0)
        self._state = RunState()
        self._connected = True
        self._shown_at = monotonic()
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
        self._state, self._connected, self._shown_at = state, True, monotonic()
        if isinstance(frame, Log):
            self._logs.append(Text.from_ansi(frame.text))

    def waits(self, state: RunState) -> None:
        """Remember what a queued job waits for."""
        self._state = state

    def dropped(self) -> None:
        """Show that the connection is being made again."""
        self._connected = False

    def _render(self) -> RenderableType:
        lines = [Text.assemble("  ", line, style="dim", no_wrap=True, overflow="ellipsis") for line in self._logs]
        return Group(self._bar(), *lines)

    def _bar(self) -> RenderableType:
        state, standing = self._state, self._state.standing()
        grid = Table.grid(padding=(0, 2, 0, 0))
        max_steps, step = (standing.max_steps or 1, standing.step) if standing else (1, 0)
        bar = ProgressBar(total=max_steps, completed=step, width=BAR_WIDTH)
        grid.add_row(status_text(state.status), bar, *self._figures(standing))
        return grid

    def _figures(self, standing: Standing | None) -> list[str]:
        if not self._connected:
            return ["connecting again …"]
        if self._state.waiting:
            return [self._state.waiting]
        if standing is None or not standing.max_steps:
            return [self._state.activity]
        figures = [f"{standing.step}/{standing.max_steps}"]
        if standing.phase not in {None, "training"}:
            figures.append(str(standing.phase))
        if standing.epoch is not None:
            figures.append(f"epoch {standing.epoch:.2f}")
        figures.append(f"loss {loss_text(standing.loss, standing.non_finite) or DASH}")
        if standing.steps_per_second:
            figures.append(f"{standing.steps_per_second:.3g} steps/s")
        if standing.tokens_per_second:
            figures.append(f"{standing.tokens_per_second:,.0f} tokens/s")
        if left := time_left(standing.seen_at(self._seen_now(standing))):
            figures.append(left)
        return figures

    def _seen_now(self, standing: Standing) -> datetime:
        """Return this moment by the clock of the run, which told of `standing` when its frame came."""
        return standing.time + timedelta(seconds=monotonic() - self._shown_at)
