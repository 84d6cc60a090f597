"""A followed job on a terminal: its progress bar, its figures, and the newest lines of its log under them."""

from collections import deque
from collections.abc import Iterator
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
from axo_cli.terminal_text import harmless
from axo_contracts.frames import Frame, Log
from axo_contracts.standing import Standing
from axo_contracts.standing_text import loss_text, pace_text, time_left

LOG_LINES = 10
BAR_WIDTH = 30
LEAST_BAR = 5  # narrower ones show nothing
SPACE = "  "


class LiveView:
    """Repaints itself in place, a few times a second."""

    def __init__(self, console: Console, *, logs: bool) -> None:
        self._logs: deque[Text] = deque(maxlen=LOG_LINES if logs else 0)
        self._state = RunState()
        self._connected = True
        self._shown_at = monotonic()
        self._console = console
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
            self._logs.append(Text.from_ansi(harmless(frame.text)))

    def waits(self, state: RunState) -> None:
        """Remember what a queued job waits for."""
        self._state = state

    def dropped(self) -> None:
        """Show that the connection is being made again."""
        self._connected = False

    def _render(self) -> RenderableType:
        standing = self._state.standing()
        lines = [Text.assemble("  ", line, style="dim", no_wrap=True, overflow="ellipsis") for line in self._logs]
        return Group(self._bar(standing), *self._details(standing), *lines)

    def _bar(self, standing: Standing | None) -> RenderableType:
        """Return the status, the bar and how far it is, in one line; where that is too long the bar gives way."""
        status, far = status_text(self._state.status), SPACE.join(self._how_far(standing))
        room = self._console.width - len(status) - len(far) - 2 * len(SPACE)
        max_steps, step = (standing.max_steps or 1, standing.step) if standing else (1, 0)
        bar = [ProgressBar(total=max_steps, completed=step, width=min(room, BAR_WIDTH))] if room >= LEAST_BAR else []
        grid = Table.grid(padding=(0, len(SPACE), 0, 0))
        grid.add_row(status, *bar, Text(far, no_wrap=True, overflow="ellipsis"))
        return grid

    def _how_far(self, standing: Standing | None) -> Iterator[str]:
        if not self._connected:
            yield "connecting again …"
        elif standing and standing.max_steps:
            yield f"{standing.step}/{standing.max_steps}"
            if left := time_left(standing.seen_at(self._seen_now(standing))):
                yield left

    def _details(self, standing: Standing | None) -> Iterator[Text]:
        """Yield what else is known, in as many lines as it takes; nothing as long as nothing is."""
        if self._state.waiting:
            yield Text(self._state.waiting)
            return
        line = ""
        for figure in filter(None, self._figures(standing)):
            longer = f"{line}{SPACE}{figure}" if line else figure
            if line and len(longer) > self._console.width:
                yield Text(line)
                longer = figure
            line = longer
        if line:
            yield Text(line)

    def _figures(self, standing: Standing | None) -> Iterator[str]:
        if standing is None or not standing.max_steps:
            yield self._state.activity
            return
        if standing.phase:
            yield standing.phase
        if standing.epoch is not None:
            yield f"epoch {standing.epoch:.2f}"
        yield f"loss {loss_text(standing.loss, standing.non_finite) or DASH}"
        if standing.steps_per_second:
            yield pace_text(standing.steps_per_second)
        if standing.tokens_per_second:
            yield f"{standing.tokens_per_second:,.0f} tokens/s"

    def _seen_now(self, standing: Standing) -> datetime:
        """Return this moment by the clock of the run, which told of `standing` when its frame came."""
        return standing.time + timedelta(seconds=monotonic() - self._shown_at)
