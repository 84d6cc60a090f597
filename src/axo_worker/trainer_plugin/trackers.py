"""Trackers beside the training: one that fails before it ends the run, one that fails later is left out of it."""

import functools
import json
import os
from collections.abc import Callable
from typing import Any

from transformers import TrainerCallback

from .reporter import Reporter

_BEGIN = "on_train_begin"
_EVENTS = [name for name in dir(TrainerCallback) if name.startswith("on_")]
_TITLES = {
    **dict.fromkeys(("WandbCallback", "SaveAxolotlConfigtoWandBCallback"), "Weights & Biases"),
    **dict.fromkeys(("MLflowCallback", "SaveAxolotlConfigtoMlflowCallback"), "MLflow"),
    **dict.fromkeys(("CometCallback", "SaveAxolotlConfigtoCometCallback"), "Comet"),
    **dict.fromkeys(("TrackioCallback", "SaveAxolotlConfigtoTrackioCallback"), "Trackio"),
    "TensorBoardCallback": "TensorBoard",
}


class TrackerUnavailable(Exception):
    """A tracker cannot be used. The worker finds its name among the last lines of the log."""


class Trackers:
    """Watches over the trackers of one run, by the names of their callbacks."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._lost: set[str] = set()

    def look_up_runs(self, cfg: Any) -> None:
        """Find the runs that earlier attempts began. Raises `TrackerUnavailable` before anything is loaded."""
        if not cfg.get("use_mlflow"):
            return
        try:
            run_id = _mlflow_run(cfg.get("mlflow_experiment_name"))
        except Exception as error:
            raise _unavailable("MLflow", error) from error
        if run_id is not None:
            os.environ["MLFLOW_RUN_ID"] = run_id
            os.environ["MLFLOW_MAX_LOG_PARAMS"] = "0"  # MLflow refuses other values than those that the run has

    def watch(self, trainer: Any) -> None:
        """Have the trackers' callbacks of `trainer` end the run at its start only."""
        for callback in trainer.callback_handler.callbacks:
            if title := _TITLES.get(type(callback).__name__):
                for event in _EVENTS:
                    setattr(callback, event, self._guarded(title, callback, event, getattr(callback, event)))

    def _guarded(self, title: str, callback: Any, event: str, heard: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(heard)
        def guarded(*arguments: Any, **options: Any) -> Any:
            if title in self._lost:
                return None
            try:
                result = heard(*arguments, **options)
                if event == _BEGIN and (run := _run_of(callback)):
                    self._reporter.report("tracker", name=title, run=run[0], url=run[1])
            except Exception as error:
                if event == _BEGIN:
                    raise _unavailable(title, error) from error
                self._lost.add(title)
                self._reporter.report("tracker_lost", name=title, message=_one_line(error))
                return None
            return result

        return guarded


def _mlflow_run(experiment_name: str | None) -> str | None:
    """Return the run that carries this job's tag, if there is one."""
    from mlflow import MlflowClient

    client = MlflowClient()
    experiment = client.get_experiment_by_name(experiment_name or "Default")
    job = json.loads(os.environ.get("MLFLOW_TAGS") or "{}").get("axo_job")
    if experiment is None or job is None:
        return None
    runs = client.search_runs([experiment.experiment_id], f"tags.axo_job = '{job}'", max_results=1)
    return str(runs[0].info.run_id) if runs else None


def _run_of(callback: Any) -> tuple[str, str | None] | None:
    """Return what the tracker calls its run, and where it shows it."""
    match type(callback).__name__:
        case "WandbCallback" if run := callback._wandb.run:
            return run.id, run.url or None
        case "MLflowCallback" if run := callback._ml_flow.active_run():
            address = callback._ml_flow.get_tracking_uri().rstrip("/")
            return run.info.run_id, f"{address}/#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}"
        case "CometCallback" if callback._experiment is not None:
            return callback._experiment.get_key(), callback._experiment.url
    return None


def _unavailable(title: str, error: Exception) -> TrackerUnavailable:
    return TrackerUnavailable(f"{title}: {_one_line(error)}")


def _one_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:500]
