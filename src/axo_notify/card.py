"""What a message says of a story, in plain text: how a chat wants it written is its sender's."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin

from axo_contracts.lifecycle import JobStatus
from axo_contracts.standing import Standing
from axo_contracts.standing_text import progress_sentence
from axo_notify.progress_bar import progress_bar
from axo_notify.story import Point, Story

BAR_CELLS = 20
MOST_MESSAGE = 1000
_SIGNS: dict[JobStatus | None, str] = {
    JobStatus.RUNNING: "▶️",
    JobStatus.SUCCEEDED: "✅",
    JobStatus.FAILED: "❌",
    JobStatus.CANCELLED: "⏹️",
    JobStatus.PAUSED: "⏸️",
    None: "🖥️",
}
_COLOURS: dict[JobStatus | None, int] = {
    JobStatus.RUNNING: 0x3B82F6,
    JobStatus.SUCCEEDED: 0x22C55E,
    JobStatus.FAILED: 0xEF4444,
    JobStatus.CANCELLED: 0xEAB308,
}
GREY = 0x9CA3AF


@dataclass(frozen=True, slots=True)
class Card:
    """A message before it is written for a chat. All of it is text that people chose, or may be."""

    title: str
    lines: tuple[str, ...]
    footer: str
    colour: int
    link: str | None
    points: tuple[Point, ...]
    has_ended: bool


def card_of(story: Story, public_url: str | None, now: datetime) -> Card:
    """Return what is said of a story at this moment."""
    sign = _SIGNS.get(story.status, "⏳")
    return Card(
        title=f"{sign} {story.name or story.job}" + (f": {story.status}" if story.status else ""),
        lines=tuple(_lines(story, now)),
        footer=" · ".join(part for part in (story.model, story.method, story.owner, story.job) if part),
        colour=_COLOURS.get(story.status, GREY),
        link=urljoin(public_url, story.path) if public_url and story.path else None,
        points=story.points,
        has_ended=story.has_ended,
    )


def _lines(story: Story, now: datetime) -> Iterator[str]:
    standing = story.standing.seen_at(now) if story.standing else None
    if story.status is not JobStatus.RUNNING:
        yield _cut(story.message)
    elif standing is None:
        yield "The trainer starts."
    if standing is not None:
        yield from _progress(standing)


def _progress(standing: Standing) -> Iterator[str]:
    if standing.max_steps:
        yield progress_bar(standing.step, standing.max_steps, cells=BAR_CELLS)
    if sentence := progress_sentence(standing):
        yield sentence


def _cut(text: str) -> str:
    return text if len(text) <= MOST_MESSAGE else f"{text[: MOST_MESSAGE - 1]}…"
