"""The Axolotl plugin that the worker adds to every config. It learns from the environment where to report to."""

import ctypes
import os
import signal
from pathlib import Path
from typing import Any

from axolotl.integrations.base import BasePlugin

from . import section
from .callback import AxoCallback
from .phases import Phases
from .reporter import Reporter
from .token_tally import TokenTally
from .trackers import Trackers

_PR_SET_PDEATHSIG = 1
_STEPWISE = "process_reward_model"  # its labels are of steps


class AxoPlugin(BasePlugin):  # type: ignore[misc]  # axolotl is not installed where this is checked
    """Ties the trainer to its worker: it reports, it obeys, and it dies with its launcher."""

    def __init__(self) -> None:
        super().__init__()
        _die_with_the_launcher()
        self._is_first_rank = os.environ.get("RANK", "0") == "0"
        self._reporter = Reporter(os.environ.get("AXO_REPORTS") if self._is_first_rank else None)
        self._phases = Phases(self._reporter)
        self._trackers = Trackers(self._reporter)

    def register(self, cfg: Any) -> None:
        """Keep what only we read of the config, before Axolotl drops it."""
        section.keep(cfg.get("axo") or {})

    def load_datasets(self, cfg: Any, preprocess: bool = False) -> None:
        """Say that the data is being read; Axolotl reads it itself. Raises `TrackerUnavailable`."""
        if self._is_first_rank and not preprocess:
            self._trackers.look_up_runs(cfg)
        self._phases.turn_to("preparing data")

    def pre_model_load(self, cfg: Any) -> None:
        """Say that the model is being loaded."""
        self._phases.turn_to("loading model")

    def add_callbacks_post_trainer(self, cfg: Any, trainer: Any) -> list[AxoCallback]:
        """Put our callback into the trainer's loop."""
        trainer.args.logging_nan_inf_filter = False  # by default, a loss that is NaN is logged as 0
        self._phases.watch(trainer)
        self._trackers.watch(trainer)
        if cfg.get("trackio_project_name"):  # Axolotl puts it where only older versions of transformers look
            trainer.args.project = cfg.trackio_project_name
            trainer.args.trackio_space_id = cfg.get("trackio_space_id")
        control = os.environ.get("AXO_CONTROL")
        tally = TokenTally()
        tally.watch(trainer, predicts_tokens=not (cfg.get("rl") or cfg.get("reward_model") or cfg.get(_STEPWISE)))
        if self._is_first_rank and cfg.get("resume_from_checkpoint"):
            tally.restore(Path(cfg.resume_from_checkpoint))
        recorded = os.environ.get("AXO_RECORDED_STEP")
        recorded_step = int(recorded) if recorded else None
        return [AxoCallback(self._reporter, Path(control) if control else None, tally, recorded_step)]


def _die_with_the_launcher() -> None:
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
