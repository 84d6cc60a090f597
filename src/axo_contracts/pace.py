"""Reads from a run's frames how fast it is and when it will be done: one reckoning for service and command line.

Only the newest attempt's own steps count. The clock stands still while the trainer evaluates or saves; how long that
takes is added once for each time that it is still to come.
"""

from datetime import datetime
from math import sqrt
from typing import Any

from msgspec.structs import replace

from axo_contracts.breaks import Breaks
from axo_contracts.frames import WORK, AttemptEnded, AttemptStarted, Metric, Phase, PhaseName, RunFrame, Step
from axo_contracts.rate_window import RateWindow
from axo_contracts.standing import Standing

SPREAD = 2.0  # standard deviations to either side: the end lies between them nineteen times of twenty
SHORTEST_SILENCE_SECONDS = 1.0  # between two steps that are said
_BREAKS = frozenset[PhaseName | None]({"evaluating", "saving"})


class Pace:
    """Takes a job's frames in their order, and says where the run stands. May go on from what was known of a run."""

    def __init__(self, known: Standing | None = None) -> None:
        self._begin(known)

    def take(self, frame: RunFrame) -> None:
        """Take in the next frame."""
        match frame:
            case AttemptStarted():
                step = frame.resumed_from_step or 0
                self._begin(Standing(attempt=frame.attempt, time=frame.time, step=step))
                self._resumed_from = step
            case Phase():
                self._take_phase(frame)
            case Step():
                self._say(frame, **self._reached(frame.step, frame.time))
            case Metric():
                self._take_metric(frame)
            case AttemptEnded():
                self._turn_to(None, self._said(frame).step, frame.time)
                self._say(frame, phase=None)
            case _:
                pass

    def standing(self) -> Standing | None:
        """Return where the run stands; None before its first frame."""
        if self._standing is None:
            return None
        eta, spread = self._time_left(self._standing)
        return replace(
            self._standing,
            steps_per_second=self._steps.rate(),
            tokens_per_second=self._tokens.rate(),
            eta_seconds=eta,
            eta_low_seconds=None if eta is None or spread is None else max(0.0, eta - spread),
            eta_high_seconds=None if eta is None or spread is None else eta + spread,
            silent_seconds=self._expected_silence(self._standing),
        )

    def _begin(self, known: Standing | None) -> None:
        self._standing = known
        self._resumed_from = 0
        self._origin = known.time if known else None
        self._steps, self._tokens, self._breaks = RateWindow(), RateWindow(), Breaks()

    def _said(self, frame: RunFrame) -> Standing:
        """Return what was said up to now; a frame may be the first that is heard of an attempt."""
        return self._standing or Standing(attempt=frame.attempt, time=frame.time)

    def _say(self, frame: RunFrame, **changes: Any) -> None:
        self._standing = replace(self._said(frame), time=frame.time, **changes)

    def _take_phase(self, frame: Phase) -> None:
        before = self._said(frame)
        step = before.step if frame.step is None else frame.step
        self._turn_to(frame.phase, step, frame.time)
        self._say(frame, phase=frame.phase, step=step, max_steps=frame.max_steps or before.max_steps)

    def _turn_to(self, phase: PhaseName | None, step: int, time: datetime) -> None:
        before = self._standing.phase if self._standing else None
        if phase == before:
            return
        if before in _BREAKS:
            self._breaks.end(time)
        if phase is not None and phase in _BREAKS:
            self._breaks.begin(phase, step, time)
        if phase in WORK:
            self._breaks.anchor(step)

    def _take_metric(self, metric: Metric) -> None:
        if metric.step < self._resumed_from:
            return  # an earlier attempt made that step, and could not say so
        changes: dict[str, Any] = self._reached(metric.step, metric.time)
        changes |= {"epoch": metric.epoch, "max_steps": metric.max_steps or self._said(metric).max_steps}
        if "loss" in metric.values:
            changes["loss"] = metric.values["loss"]
            changes["non_finite"] = {name: what for name, what in metric.non_finite.items() if name == "loss"}
        if (tokens := metric.values.get("tokens_seen")) is not None:
            changes["tokens"] = int(tokens)
            self._tokens.add(self._working_seconds(metric.time), tokens)
        self._say(metric, **changes)

    def _reached(self, step: int, time: datetime) -> dict[str, int]:
        if self._standing is None or step > self._standing.step:
            self._steps.add(self._working_seconds(time), step)
        return {"step": step}

    def _working_seconds(self, time: datetime) -> float:
        self._origin = self._origin or time
        return (time - self._origin).total_seconds() - self._breaks.seconds_until(time)

    def _time_left(self, standing: Standing) -> tuple[float | None, float | None]:
        """Return the seconds until the last step is made, and how far they may be off."""
        each = self._steps.seconds_each()
        left = (standing.max_steps or 0) - standing.step
        if each is None or left <= 0 or standing.phase is None:
            return None, None
        return left * each + self._breaks.seconds_to_come(left), self._spread(left)

    def _spread(self, left: int) -> float | None:
        """Steps vary around their mean, and the mean of few is itself uncertain: both grow with what is left."""
        deviation = self._steps.deviation_each()
        if deviation is None:
            return None
        return SPREAD * deviation * sqrt(left + left**2 / self._steps.count)

    def _expected_silence(self, standing: Standing) -> float:
        if standing.phase in WORK:
            return max(SHORTEST_SILENCE_SECONDS, self._steps.seconds_each() or 0.0)
        return self._breaks.seconds_of_this()
