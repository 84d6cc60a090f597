"""How answers look on a terminal, and as JSON for programs."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from axo_cli.terminal_text import harmless, shown

STATUS_STYLES = {
    "running": "cyan",
    "succeeded": "green",
    "failed": "red",
    "cancelled": "yellow",
    "cancelling": "yellow",
    "paused": "magenta",
}
DASH = "–"


def console() -> Console:
    """Return a console on stdout that shows texts as they are. Off a terminal lines are neither coloured nor cut."""
    plain = not sys.stdout.isatty()
    return _Harmless(highlight=False, markup=False, emoji=False, soft_wrap=plain, width=200 if plain else None)


def print_json(value: Any) -> None:
    """Print `value` as indented JSON."""
    print(shown(json.dumps(value, indent=2, ensure_ascii=False)))


def print_lines(lines: Iterable[str]) -> None:
    """Print each line of what somebody else has said, as soon as it comes."""
    for line in lines:
        print(shown(line), flush=True)


def print_event(data: bytes) -> None:
    """Print one event's JSON as a line, at once: in UTF-8, whatever else is printed in, and as it is for a program."""
    sys.stdout.buffer.write(shown(data.decode()).encode() + b"\n")
    sys.stdout.buffer.flush()


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]], *, when_empty: str) -> None:
    """Print rows under their columns' names, or `when_empty` when there are none."""
    table = Table(*columns, box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for row in rows:
        table.add_row(*row)
    console().print(table if table.row_count else when_empty)


def print_fields(fields: Iterable[tuple[str, str | Text]]) -> None:
    """Print one `name  value` a line."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    for name, value in fields:
        grid.add_row(Text(name, style="bold"), value)
    console().print(grid)


def status_text(status: str) -> Text:
    """Return a job's status in its colour."""
    return Text(status, style=STATUS_STYLES.get(status, ""))


def ago(time: str | int | None) -> str:
    """Return how long ago a time was, in one unit: an RFC 3339 one, or seconds since 1970."""
    if time is None:
        return DASH
    moment = datetime.fromtimestamp(time, UTC) if isinstance(time, int) else datetime.fromisoformat(time)
    return f"{duration((datetime.now(UTC) - moment).total_seconds())} ago"


def duration(seconds: float) -> str:
    """Return a length of time in its largest fitting unit or two: 42 s, 3 min 5 s, 2 h 10 min, 4 d."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 86400} d"


def size(count: float) -> str:
    """Return a number of bytes with a fitting unit."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"


def number(value: float | None) -> str:
    """Return a loss or rate with four digits, or a dash."""
    return DASH if value is None else f"{value:.4g}"


class _Harmless(Console):
    """A console on which no text orders the terminal about."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Yield what is to be written; the console's own orders are told from texts by their `control`."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=harmless(segment.text))
