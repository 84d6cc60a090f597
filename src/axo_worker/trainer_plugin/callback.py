"""What the trainer tells us at each turn of its loop, and where it looks whether to stop."""

import time
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from .ranks import any_rank, wait_for_all_ranks
from .reporter import Reporter, split_finite
from .token_tally import TokenTally

ALIVE_SECONDS = 1.0  # between two signs of life


class AxoCallback(TrainerCallback):  # type: ignore[misc]  # transformers is not installed where this is checked
    """Reports the training's progress, and ends it with a checkpoint once `control_file` exists.

    Of a checkpoint that is gone on from, it reports what was logged behind `recorded_step`: a worker that was lost had
    kept the checkpoint, but may not have said all that led to it.
    """

    def __init__(
        self, reporter: Reporter, control_file: Path | None, tally: TokenTally, recorded_step: int | None
    ) -> None:
        self._reporter = reporter
        self._tally = tally
        self._control_file = control_file
        self._recorded_step = recorded_step
        self._stopped = False
        self._alive_again_at = 0.0

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        if self._recorded_step is not None:
            for logged in state.log_history:
                if logged["step"] > self._recorded_step:
                    self._say_metric(state, logged, step=logged["step"], epoch=logged.get("epoch"))
        self._say(state, "train_begin", step=state.global_step, max_steps=state.max_steps, world_size=args.world_size)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **_: Any,
    ) -> None:
        numbers = (logs or {}) | self._counted(args, logs or {})
        self._say_metric(state, numbers, step=state.global_step, epoch=state.epoch)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> TrainerControl:
        self._say_alive(state)
        if any_rank(self._control_file is not None and self._control_file.exists(), args.device):
            self._stopped = True
            control.should_save = True
            control.should_training_stop = True
        return control

    def on_prediction_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        self._say_alive(state)

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        wait_for_all_ranks()  # each rank writes its own part of the checkpoint
        path = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        self._tally.save(path, args.device, is_writer=state.is_world_process_zero)
        self._say(state, "save", step=state.global_step, path=str(path))

    def on_train_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        self._say(state, "train_end", step=state.global_step, stopped=self._stopped)

    def _counted(self, args: TrainingArguments, logs: dict[str, Any]) -> dict[str, float]:
        """Return what was counted of the tokens that `logs` tells of; every rank logs at the same moment."""
        is_evaluation = any(name.startswith("eval_") for name in logs)
        if not is_evaluation and "loss" not in logs:
            return {}
        return self._tally.measures(args.device, is_evaluation=is_evaluation)

    def _say_metric(self, state: TrainerState, numbers: dict[str, Any], *, step: int, epoch: float | None) -> None:
        values, non_finite = split_finite({name: value for name, value in numbers.items() if name != "step"})
        self._say(
            state,
            "metric",
            step=step,
            max_steps=state.max_steps,
            epoch=epoch,
            values=values,
            non_finite=non_finite,
        )

    def _say_alive(self, state: TrainerState) -> None:
        if time.monotonic() >= self._alive_again_at:
            self._alive_again_at = time.monotonic() + ALIVE_SECONDS
            self._say(state, "alive", step=state.global_step)

    def _say(self, state: TrainerState, kind: str, **fields: Any) -> None:
        if state.is_world_process_zero:
            self._reporter.report(kind, **fields)
