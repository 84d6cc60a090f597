"""Logs to MLflow through the real callback, watched over by the plugin, and waits for a line before it goes on."""

import json
import os
import sys
from types import SimpleNamespace
from typing import Any

from axo_trainer_plugin.trackers import Trackers
from transformers import TrainerControl, TrainerState, TrainingArguments
from transformers.integrations import MLflowCallback


class Reports:
    """Prints what the plugin would report."""

    def report(self, kind: str, **fields: Any) -> None:
        print(json.dumps({"type": kind, **fields}), flush=True)


callback, control = MLflowCallback(), TrainerControl()
state = TrainerState(is_local_process_zero=True, is_world_process_zero=True)
arguments = TrainingArguments(output_dir=os.environ["HOME"], use_cpu=True, report_to=[])
Trackers(Reports()).watch(SimpleNamespace(callback_handler=SimpleNamespace(callbacks=[callback])))
callback.on_train_begin(arguments, state, control, model=None)
sys.stdin.readline()
for state.global_step in range(1, 4):
    callback.on_log(arguments, state, control, logs={"loss": 1.0})
callback.on_train_end(arguments, state, control)
print(json.dumps({"type": "trained"}), flush=True)
