"""Says what the trainer is at. That the training has begun and has ended, the callback reports."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

from .reporter import Reporter

TRAINING = "training"
_DURING = {"evaluate": "evaluating", "_save_checkpoint": "saving", "push_to_hub": "uploading"}


class Phases:
    """Reports each turn to another part of the work. Evaluations and checkpoints return to the training."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._is_inside = False

    def turn_to(self, phase: str) -> None:
        """Report that the trainer turns to `phase`."""
        self._reporter.report("phase", phase=phase)

    def watch(self, trainer: Any) -> None:
        """Look on whenever `trainer` evaluates, saves a checkpoint or uploads its result."""
        for name, phase in _DURING.items():
            if work := getattr(trainer, name, None):
                setattr(trainer, name, self._told(phase, work, trainer))

    def _told(self, phase: str, work: Callable[..., Any], trainer: Any) -> Callable[..., Any]:
        @functools.wraps(work)
        def told(*arguments: Any, **options: Any) -> Any:
            with self._during(phase, trainer):
                return work(*arguments, **options)

        return told

    @contextlib.contextmanager
    def _during(self, phase: str, trainer: Any) -> Iterator[None]:
        if self._is_inside:  # one evaluation of several data sets is several
            yield
            return
        self._is_inside = True
        self.turn_to(phase)
        try:
            yield
        finally:
            self._is_inside = False
            if trainer.is_in_train:
                self.turn_to(TRAINING)
