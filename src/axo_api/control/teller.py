"""What the world is told of a run beside its moves: how it goes, its checkpoints, its metrics."""

from collections.abc import Iterator
from datetime import datetime
from time import monotonic
from typing import Any

import msgspec

from axo_api.control.notices import Notice
from axo_contracts.events import JOB_CHECKPOINT, JOB_PROGRESS, METRICS_COMPLETED, METRICS_CONFIG, METRICS_PROGRESS
from axo_contracts.frames import AttemptEnded, AttemptStarted, Checkpoint, Metric, Phase, RunFrame, Step
from axo_contracts.lifecycle import EndReason
from axo_contracts.pace import Pace
from axo_contracts.standing import Standing


class Teller:
    """Takes the frames of one job in their order. Progress is told each `seconds` at most, and always the last."""

    def __init__(self, seconds: float, known: Standing | None = None) -> None:
        self._seconds = seconds
        self._pace = Pace(known)
        self._begin()
        self._has_begun = known is not None and known.max_steps is not None

    def standing(self) -> Standing | None:
        """Return where the run stands."""
        return self._pace.standing()

    def notices(self, frame: RunFrame) -> Iterator[Notice]:
        """Take a frame, and yield what is to be told before what follows from it."""
        match frame:
            case AttemptStarted():
                self._pace.take(frame)
                self._begin()
            case Phase() | Step() | Metric():
                self._pace.take(frame)
                self._has_news = True
                yield from self._tell_config(frame)
                self._note(frame)
                if monotonic() >= self._next_at:
                    yield from self._tell_progress(frame.time)
            case Checkpoint():
                kept = {"step": frame.step, "path": frame.path, "bytes": frame.bytes}
                yield self._notice(JOB_CHECKPOINT, frame.time, checkpoint=kept)
            case AttemptEnded():
                yield from self._tell_end(frame)
                self._pace.take(frame)
            case _:
                pass

    def _begin(self) -> None:
        self._next_at = 0.0
        self._has_news = self._has_begun = False
        self._values: dict[str, float | None] = {}
        self._non_finite: dict[str, str] = {}
        self._new_names: set[str] = set()

    def _note(self, frame: RunFrame) -> None:
        if isinstance(frame, Metric):
            for name in frame.values:
                self._non_finite.pop(name, None)
            self._values |= frame.values
            self._non_finite |= frame.non_finite
            self._new_names |= frame.values.keys()

    def _tell_config(self, frame: RunFrame) -> Iterator[Notice]:
        if isinstance(frame, Phase) and frame.phase == "training" and not self._has_begun:
            self._has_begun = True
            yield self._notice(METRICS_CONFIG, frame.time)

    def _tell_progress(self, at: datetime) -> Iterator[Notice]:
        self._next_at, self._has_news = monotonic() + self._seconds, False
        yield self._notice(JOB_PROGRESS, at)
        if self._new_names:
            yield self._notice(METRICS_PROGRESS, at, **self._measured(self._new_names))
            self._new_names = set()

    def _tell_end(self, frame: AttemptEnded) -> Iterator[Notice]:
        if self._has_news:
            yield from self._tell_progress(frame.time)
        if frame.reason is EndReason.COMPLETED:
            yield self._notice(METRICS_COMPLETED, frame.time, **self._measured(set(self._values)))

    def _measured(self, names: set[str]) -> dict[str, Any]:
        return {
            "values": {name: value for name, value in self._values.items() if name in names},
            "non_finite": {name: what for name, what in self._non_finite.items() if name in names},
        }

    def _notice(self, kind: str, at: datetime, **details: Any) -> Notice:
        standing = self.standing()
        body = {"attempt": standing.attempt if standing else 0, "progress": msgspec.to_builtins(standing)}
        return Notice(kind, at, body | details)
