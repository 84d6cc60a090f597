"""How far a followed job is, gathered from the frames of its stream."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from axo_contracts.frames import AttemptStarted, End, Frame, Metric, Progress, Status

RATE_WINDOW = 50  # metrics over which the speed is taken


@dataclass(slots=True)
class RunState:
    """What the frames up to now say. Losses and times are None until one was said."""

    status: str = "queued"
    attempt: int = 0
    step: int = 0
    max_steps: int = 0
    epoch: float | None = None
    first_loss: float | None = None
    loss: float | None = None
    activity: str = ""
    _recent: deque[tuple[datetime, int]] = field(default_factory=lambda: deque(maxlen=RATE_WINDOW))

    def apply(self, frame: Frame) -> None:
        """Take in the next frame."""
        match frame:
            case Status() | End():
                self.status = frame.status.value
            case AttemptStarted():
                self.attempt = frame.attempt
                self._recent.clear()
            case Progress():
                self.activity = frame.description
            case Metric():
                self._apply_metric(frame)
            case _:
                pass

    def steps_per_second(self) -> float | None:
        """Return the speed over the newest metrics, by the times that the trainer gave them."""
        if len(self._recent) < 2:
            return None
        (first_time, first_step), (last_time, last_step) = self._recent[0], self._recent[-1]
        seconds = (last_time - first_time).total_seconds()
        return (last_step - first_step) / seconds if seconds > 0 and last_step > first_step else None

    def seconds_left(self) -> float | None:
        """Return how long the remaining steps take at this speed."""
        rate = self.steps_per_second()
        return (self.max_steps - self.step) / rate if rate else None

    def _apply_metric(self, metric: Metric) -> None:
        self.step, self.max_steps, self.epoch = metric.step, metric.max_steps, metric.epoch
        self._recent.append((metric.time, metric.step))
        loss = metric.values.get("loss")
        if loss is not None:
            self.loss = loss
            self.first_loss = loss if self.first_loss is None else self.first_loss
