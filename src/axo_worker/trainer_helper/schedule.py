"""How many steps a run makes, over how many epochs, and how many tokens these take."""

import math
from dataclasses import dataclass
from typing import Any

import numpy
import torch
from axolotl.utils.dict import DictDefault

from .counting import RowTokens
from .device import Device


@dataclass(frozen=True)
class Schedule:
    """The steps of a run. Behind its whole epochs it takes `rest_rows` of another one."""

    steps: int
    epochs: float
    whole_epochs: int
    rest_rows: int

    @classmethod
    def of_steps_alone(cls, steps: int) -> "Schedule":
        """Return the schedule of rows that are streamed, or made while it trains: it is taken for one epoch."""
        return cls(steps, 1.0, 1, 0)


def steps_of(cfg: DictDefault, steps_of_data: int | None, stride: int) -> int | None:
    """Return how many steps the run makes, as Axolotl's trainer builder decides it; None: only the trainer knows."""
    if cfg.max_steps:
        return int(cfg.max_steps)
    if steps_of_data is None or steps_of_data < 0:
        return None
    return steps_of_data * stride


def packed_schedule(cfg: DictDefault, steps: int, steps_of_data: int, stride: int) -> Schedule:
    """Return how far `steps` go through packed rows, of which `num_epochs` make `steps_of_data`."""
    epochs = cfg.num_epochs * steps / max(1, steps_of_data * stride)
    return Schedule(steps, epochs, int(epochs), 0)


def schedule(cfg: DictDefault, rows: int, steps: int) -> Schedule:
    """Return how far `steps` go through `rows`. A step takes `batch_size` rows; an epoch's last one takes the rest."""
    rows_a_pass = max(1, cfg.batch_size // cfg.gradient_accumulation_steps)
    passes = max(1, math.ceil(rows / rows_a_pass))
    whole, rest = divmod(steps, math.ceil(passes / cfg.gradient_accumulation_steps))
    rest_passes = rest * cfg.gradient_accumulation_steps
    return Schedule(steps, whole + rest_passes / passes, whole, min(rows, rest_passes * rows_a_pass))


def tokens_of(cfg: DictDefault, tokens: RowTokens, plan: Schedule, stride: int, device: Device) -> dict[str, Any]:
    """Return the tokens of the whole run: exact where it is known which rows it takes, else by an epoch's mean."""
    is_plain = stride == 1 and device.processes == 1 and not cfg.sample_packing
    is_exact = is_plain and not (plan.rest_rows and (cfg.group_by_length or cfg.curriculum_sampling))
    if is_exact:
        last = _order(cfg.seed, plan.whole_epochs, tokens.rows)[: plan.rest_rows]
        total, trained = (plan.whole_epochs * of.sum() + of[last].sum() for of in (tokens.total, tokens.trained))
    else:
        total, trained = (plan.epochs * stride * of.sum() for of in (tokens.total, tokens.trained))
    return {
        "total": round(total),
        "trained": round(trained),
        "longest_row": tokens.longest,
        "is_exact": is_exact,
        "metric": tokens.metric,
        "metric_counts": tokens.metric_counts,
    }


def _order(seed: int | None, epoch: int, rows: int) -> "numpy.ndarray[Any, Any]":
    """Return the order in which an epoch takes its rows: that of accelerate's SeedableRandomSampler."""
    generator = torch.Generator()
    generator.manual_seed((42 if seed is None else seed) + epoch)
    order: numpy.ndarray[Any, Any] = torch.randperm(rows, generator=generator).numpy()
    return order
