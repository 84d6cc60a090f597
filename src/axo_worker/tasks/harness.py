"""Measuring a model by tasks of lm-eval, EleutherAI's language model evaluation harness."""

import os
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any

from .tools import ToolMissing

try:
    import lm_eval
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager
except ImportError as error:
    raise ToolMissing(f"lm-eval cannot be used in the trainer's environment ({error}); install it there") from error

Figures = dict[str, dict[str, Any]]
"""By the name of a task, and then of a metric: `value` and `standard_error`."""


class UnknownTask(ValueError):
    """lm-eval has no task of a name. The message says which, and which names are like it."""


class Tasks:
    """The tasks that a config asks for, all of which lm-eval knows."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._config = config
        self._manager = TaskManager(include_path=os.environ.get("AXO_LM_EVAL_TASKS"))
        known = self._manager.all_tasks
        for name in config["lm_eval"]["tasks"]:
            if name not in known:
                raise UnknownTask(_unknown(name, known))

    def measure(self, model: Any, tokenizer: Any) -> Iterator[Figures]:
        """Yield what each task measures, one after the other; a group yields its parts with it."""
        asked, seed = self._config["lm_eval"], self._config["seed"]
        harness = HFLM(pretrained=model, tokenizer=tokenizer, batch_size=self._config["batch_size"])
        seeds = {f"{of}random_seed": seed for of in ("", "numpy_", "torch_", "fewshot_")}
        for task in asked["tasks"]:
            found = lm_eval.simple_evaluate(
                model=harness,
                tasks=[task],
                task_manager=self._manager,
                limit=asked["limit"],
                num_fewshot=asked["num_fewshot"],
                log_samples=False,
                **seeds,
            )
            yield {name: _figures(values) for name, values in found["results"].items()}


def _unknown(name: str, known: Sequence[str]) -> str:
    alike = " or ".join(f"'{found}'" for found in get_close_matches(name, known, n=3))
    mend = f"Did you mean {alike}?" if alike else "The operator adds tasks in the folder AXO_LM_EVAL_TASKS."
    return f"lm-eval knows no task '{name}'. {mend}"


def _figures(values: dict[str, Any]) -> dict[str, Any]:
    """Return the metrics of `acc,none` and `acc_stderr,none` as `acc`; what follows the comma names another filter."""
    figures = {}
    for key, value in values.items():
        metric, _, kept_by = key.partition(",")
        if not isinstance(value, int | float) or metric.endswith("_stderr") or not kept_by:
            continue
        error = values.get(f"{metric}_stderr,{kept_by}")
        name = metric if kept_by == "none" else key
        figures[name] = {"value": value, "standard_error": error if isinstance(error, int | float) else None}
    return figures
