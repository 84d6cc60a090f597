"""What is known of a job from its events: all that a message about it says. Any other event is its own story."""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from axo_contracts.events import METRICS_PROGRESS, ConfigEvent, Event, JobEvent, MetricsEvent, ModelEvent
from axo_contracts.lifecycle import TERMINAL, JobStatus
from axo_contracts.standing import Standing

MOST_POINTS = 240


class Point(msgspec.Struct, frozen=True, array_like=True):
    """The loss at a step; None where it was NaN or infinite."""

    step: int
    loss: float | None


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """A job as far as it was told of; `job` is None where an event of something else is told."""

    job: str | None
    name: str | None
    owner: str | None
    message: str
    path: str | None = None
    model: str | None = None
    method: str | None = None
    status: JobStatus | None = None
    standing: Standing | None = None
    points: tuple[Point, ...] = ()
    event: int = 0

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will be told."""
        return self.job is None or self.status in TERMINAL


def after(story: Story | None, event: Event) -> Story:
    """Return the story with one more event in it: the very same where that says nothing new, or comes once more."""
    if not isinstance(event, JobEvent):
        name = event.model if isinstance(event, ModelEvent) else event.name
        return Story(job=None, name=name, owner=event.owner, message=event.message)
    told = story or Story(
        job=event.job,
        name=event.name,
        owner=event.owner,
        message=event.message,
        path=event.links.get("job"),
        status=event.status,
    )
    if told.has_ended or _is_old(told, event):
        return told
    if event.event is not None:
        told = replace(told, status=event.status, message=event.message, event=event.event)
    if event.progress is not None:
        told = replace(told, standing=event.progress)
    match event:
        case ConfigEvent():
            return replace(told, model=event.config.get("base_model"), method=event.config.get("method"))
        case MetricsEvent(type=kind) if kind == METRICS_PROGRESS and "loss" in event.values and event.progress:
            return replace(told, points=_with(told.points, Point(event.progress.step, event.values["loss"])))
        case _:
            return told


def _is_old(story: Story, event: JobEvent) -> bool:
    if event.event is not None:
        return event.event <= story.event
    return bool(story.standing and event.progress and event.progress.time < story.standing.time)


def _with(points: tuple[Point, ...], newest: Point) -> tuple[Point, ...]:
    """Return points with the newest behind those before it: a run that goes on from a checkpoint makes steps anew."""
    kept = (*(point for point in points if point.step < newest.step), newest)
    return kept if len(kept) <= MOST_POINTS else _thinned(kept)


def _thinned(points: Sequence[Point]) -> tuple[Point, ...]:
    """Return every other point, but each that is no number. The newest stays."""
    newest = len(points) - 1
    return tuple(point for place, point in enumerate(points) if point.loss is None or (newest - place) % 2 == 0)
