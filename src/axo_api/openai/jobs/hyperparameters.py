"""OpenAI's hyperparameters as native ones, and back."""

import math
from typing import Any, NamedTuple

from axo_api.axolotl.compiler import compile_config
from axo_api.openai.jobs.requests import (
    DpoHyperparameters,
    ReinforcementHyperparameters,
    TuningHyperparameters,
    tuning_hyperparameters,
)
from axo_contracts.jobs import TrainSpec

EPOCHS = {"supervised": 3, "dpo": 1, "reinforcement": 1}
"""What `auto` means for `n_epochs`. A native method has its own default."""

GENERATIONS = 4
"""Answers to each prompt of a reinforcement job with a `compute_multiplier` of 1."""

LARGEST_MICRO_BATCH = 4
"""Rows that a GPU takes at once of a `batch_size`; the rest is accumulated. A native `micro_batch_size` goes before."""


class Stated(NamedTuple):
    """What a job trains with, as OpenAI's API says it."""

    n_epochs: int
    batch_size: int
    learning_rate_multiplier: float


def split(given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return OpenAI's own of the top-level hyperparameters, and the native ones."""
    own = {name: value for name, value in given.items() if name in TuningHyperparameters.model_fields}
    return own, {name: value for name, value in given.items() if name not in own}


def merged(asked: TuningHyperparameters | None, older: dict[str, Any]) -> TuningHyperparameters:
    """Return what the method asks for, and where it asks for nothing, what stands in the older place."""
    if asked is None:
        return tuning_hyperparameters.validate_python(older)
    return asked.model_copy(update={name: older[name] for name in older if getattr(asked, name) is None})


def native(kind: str | None, asked: TuningHyperparameters, *, gpus: int, has_preset: bool) -> dict[str, Any]:
    """Return the native hyperparameters that `asked` means for a method; None: a native method.

    With a preset, what is `auto` is left to it.
    """
    options: dict[str, Any] = {}
    if (epochs := asked.n_epochs or (EPOCHS[kind] if kind and not has_preset else None)) is not None:
        options["num_epochs"] = epochs
    if isinstance(asked, ReinforcementHyperparameters):
        answers = generations(asked)
        batch = {"micro_batch_size": answers, "gradient_accumulation_steps": _share(asked.batch_size or 2, gpus)}
        return options | batch | ({"eval_steps": asked.eval_interval} if asked.eval_interval else {})
    if asked.batch_size is not None:
        rows = _share(asked.batch_size, gpus)
        micro = max(size for size in range(1, LARGEST_MICRO_BATCH + 1) if rows % size == 0)
        options |= {"micro_batch_size": micro, "gradient_accumulation_steps": rows // micro}
    return options


def generations(asked: ReinforcementHyperparameters) -> int:
    """Return how many answers the model gives to each prompt."""
    return max(2, round(GENERATIONS * (asked.compute_multiplier or 1)))


def with_learning_rate(spec: TrainSpec, multiplier: float | None) -> TrainSpec:
    """Return `spec` with its method's usual learning rate times `multiplier`; None: as it is."""
    if multiplier is None:
        return spec
    rate = min(1.0, usual_learning_rate(spec) * multiplier)
    return spec.model_copy(update={"hyperparameters": spec.hyperparameters.model_copy(update={"learning_rate": rate})})


def usual_learning_rate(spec: TrainSpec) -> float:
    """Return the learning rate that a spec's method takes when none is given."""
    open_rate = spec.hyperparameters.model_copy(update={"learning_rate": None})
    rate: float = compile_config(spec.model_copy(update={"hyperparameters": open_rate}))["learning_rate"]
    return rate


def stated(spec: TrainSpec) -> Stated:
    """Return what a job trains with."""
    given = spec.hyperparameters
    gpus = spec.resources.gpus if isinstance(spec.resources.gpus, int) else 1
    rows = given.micro_batch_size * given.gradient_accumulation_steps * max(1, gpus)
    answers = getattr(spec.method, "num_generations", 1)
    multiplier = 1.0 if given.learning_rate is None else given.learning_rate / usual_learning_rate(spec)
    return Stated(math.ceil(given.num_epochs), max(1, rows // answers), round(multiplier, 9))


def as_openai(kind: str, spec: TrainSpec) -> dict[str, Any]:
    """Return the hyperparameters of a method as OpenAI's job states them."""
    common: dict[str, Any] = stated(spec)._asdict()
    match kind:
        case "dpo":
            asked = DpoHyperparameters(**common, beta=getattr(spec.method, "rl_beta", None))
            return asked.model_dump()
        case "reinforcement":
            multiplier = getattr(spec.method, "num_generations", GENERATIONS) / GENERATIONS
            return {
                **common,
                "compute_multiplier": multiplier,
                "eval_interval": spec.hyperparameters.eval_steps or "auto",
            }
        case _:
            return common


def _share(rows: int, gpus: int) -> int:
    """Return the rows of each GPU. A batch that does not come out even is made larger."""
    return -(-rows // max(1, gpus))
