"""What a task shares with its worker: what it is at, how far it is, and whether it is to stop."""

import time
from pathlib import Path
from typing import Any

from axo_trainer_plugin.reporter import Reporter, split_finite

REPORT_SECONDS = 1.0  # between two reports of progress


class Stopped(Exception):
    """The worker asked the task to stop."""


class Run:
    """One run of a task. `config` is what the control plane made of the spec; `outputs` is where the result goes."""

    def __init__(self, config: dict[str, Any], reporter: Reporter, control_file: Path | None) -> None:
        self.config = config
        self.outputs = Path(config["output_dir"])
        self._reporter = reporter
        self._control_file = control_file
        self._step = self._max_steps = 0
        self._reported_at = 0.0

    @property
    def is_to_stop(self) -> bool:
        """Whether the worker asked for the end."""
        return self._control_file is not None and self._control_file.exists()

    def turn_to(self, phase: str) -> None:
        """Say that another part of the work begins."""
        self._reporter.report("phase", phase=phase)

    def begin(self, phase: str, max_steps: int) -> None:
        """Say that the work of `max_steps` steps begins. From here on a stop is heeded between two of them."""
        self._max_steps = max_steps
        self._reporter.report("train_begin", step=0, max_steps=max_steps, world_size=1, phase=phase)

    def advance(self, steps: int, **values: float) -> None:
        """Say that `steps` more are made, and what was measured so far. Raises `Stopped`."""
        self._step += steps
        is_last = self._step >= self._max_steps
        if is_last or time.monotonic() >= self._reported_at + REPORT_SECONDS:
            self._reported_at = time.monotonic()
            self._report(values)
        if self.is_to_stop and not is_last:
            raise Stopped

    def end(self, *, stopped: bool) -> None:
        """Say that the work is over: by itself, or because it was `stopped`."""
        self._reporter.report("train_end", step=self._step, stopped=stopped)

    def _report(self, values: dict[str, float]) -> None:
        if not values:
            self._reporter.report("alive", step=self._step)
            return
        finite, non_finite = split_finite(values)
        self._reporter.report(
            "metric", step=self._step, max_steps=self._max_steps, epoch=None, values=finite, non_finite=non_finite
        )
