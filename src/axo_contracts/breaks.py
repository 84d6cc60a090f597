"""The breaks that a training makes to evaluate and to save: how long they were, and how many are still to come."""

from dataclasses import dataclass, field
from datetime import datetime

from axo_contracts.frames import PhaseName

REMEMBERED = 5  # of one kind: their mean is what the next will take


@dataclass(slots=True)
class _Kind:
    last_step: int
    gap: int = 0  # steps between the newest two; 0: not known yet
    seconds: list[float] = field(default_factory=list)

    @property
    def mean_seconds(self) -> float:
        return sum(self.seconds) / len(self.seconds) if self.seconds else 0.0


class Breaks:
    """Keeps the breaks of one attempt, by their kind."""

    def __init__(self) -> None:
        self._kinds: dict[PhaseName, _Kind] = {}
        self._first_step = 0
        self._has_anchor = False
        self._seconds = 0.0
        self._now: tuple[PhaseName, datetime] | None = None

    def anchor(self, step: int) -> None:
        """Note at which step the training began: the first break's distance is from there."""
        if not self._has_anchor:
            self._first_step, self._has_anchor = step, True

    def begin(self, phase: PhaseName, step: int, time: datetime) -> None:
        """Note that a break begins behind `step`."""
        kind = self._kinds.setdefault(phase, _Kind(self._first_step))
        kind.gap, kind.last_step = (step - kind.last_step) or kind.gap, step
        self._now = (phase, time)

    def end(self, time: datetime) -> None:
        """Note that the break is over."""
        if self._now is None:
            return
        phase, since = self._now
        seconds = (time - since).total_seconds()
        self._kinds[phase].seconds = [*self._kinds[phase].seconds, seconds][-REMEMBERED:]
        self._seconds += seconds
        self._now = None

    def seconds_until(self, time: datetime) -> float:
        """Return how long all breaks were up to `time`."""
        return self._seconds + ((time - self._now[1]).total_seconds() if self._now else 0.0)

    def seconds_to_come(self, steps: int) -> float:
        """Return how long this break and those within the next `steps` will take, by those that were."""
        regular = sum(steps // kind.gap * kind.mean_seconds for kind in self._kinds.values() if kind.gap > 0)
        return regular + self.seconds_of_this()

    def seconds_of_this(self) -> float:
        """Return how long the break that has just begun will take; 0 without one, or for the first of its kind."""
        return self._kinds[self._now[0]].mean_seconds if self._now else 0.0
