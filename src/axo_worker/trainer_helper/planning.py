"""What a run of a config would be: each part that cannot be known is left out, and a warning says why."""

from typing import Any

from axolotl.utils.dict import DictDefault
from datasets import Dataset

from .counting import count
from .device import Device
from .disk import disk
from .loading import Loaded, load, normalize, tokenizer_of
from .memory import memory
from .model_size import ModelSize, measure
from .schedule import Schedule, packed_schedule, schedule, steps_of, tokens_of
from .validation import shown, validated
from .workspace import Unreadable, workspace

GENERATING = ("grpo", "gdpo", "ebft")  # methods whose trainer makes the answers that it learns from


def plan(question: dict[str, Any]) -> dict[str, Any]:
    """Return the plan of the question's config. Raises `Refusal` when Axolotl does not accept it."""
    device = Device.of(question)
    cfg, warnings = validated(question["config"], device)
    planned: dict[str, Any] = {"config": shown(cfg), "warnings": [f"Axolotl: {warning}" for warning in warnings]}
    with workspace(question) as place:
        try:
            normalize(cfg, device)
        except Unreadable as problem:
            planned["warnings"].append(f"{problem} Steps, tokens, memory and disk are not known.")
            return planned
        going = _from_data(cfg, device, place.stride, planned)
        _from_model(cfg, device, going, planned)
    return planned


def _from_data(cfg: DictDefault, device: Device, stride: int, planned: dict[str, Any]) -> Schedule | None:
    """Add what follows from the rows, and return the run's schedule, where it is known."""
    try:
        loaded = load(cfg)
    except Unreadable as problem:
        planned["warnings"].append(f"{problem} Rows and tokens are not known.")
        loaded = Loaded(None, None, None)
    steps = planned["steps"] = steps_of(cfg, loaded.steps, stride)
    if stride > 1:
        planned["warnings"].append(f"The data is large: each {stride}th row was read, and the figures are projected.")
    if steps is None:
        planned["warnings"].append(
            "The number of steps is known to this method's trainer only; max_steps would fix it."
        )
    if isinstance(loaded.train, Dataset):  # not one that is streamed while it trains
        planned["rows"] = len(loaded.train) * stride
        planned["validation_rows"] = len(loaded.validation) * stride if loaded.validation is not None else 0
    if steps is None:
        return None
    if not isinstance(loaded.train, Dataset) or loaded.steps is None:
        return Schedule.of_steps_alone(steps)
    going = _schedule(cfg, loaded, planned["rows"], steps, stride)
    planned["epochs"] = round(going.epochs, 4)
    _add_tokens(cfg, loaded, going, stride, device, planned)
    return going


def _schedule(cfg: DictDefault, loaded: Loaded, rows: int, steps: int, stride: int) -> Schedule:
    if cfg.sample_packing and loaded.steps:
        return packed_schedule(cfg, steps, loaded.steps, stride)
    return schedule(cfg, rows, steps)


def _add_tokens(
    cfg: DictDefault, loaded: Loaded, going: Schedule, stride: int, device: Device, planned: dict[str, Any]
) -> None:
    try:
        tokens = count(cfg, loaded.train)
    except Exception as error:
        planned["warnings"].append(f"The tokens could not be counted: {str(error)[:200]}")
        return
    if tokens is None:
        planned["warnings"].append("How many tokens this method trains on is not known before it runs.")
        return
    planned["tokens"] = tokens_of(cfg, tokens, going, stride, device)


def _from_model(cfg: DictDefault, device: Device, going: Schedule | None, planned: dict[str, Any]) -> None:
    try:
        size: ModelSize = measure(cfg)
        longest = planned["tokens"]["longest_row"] if planned.get("tokens") else None
        planned["parameters"] = {"total": size.parameters, "trained": size.trained_parameters}
        planned["memory"] = memory(cfg, size, longest, device)
        if going is not None:
            planned["disk"] = disk(cfg, size, going, tokenizer_of(cfg), device)
    except Exception as error:
        planned["warnings"].append(f"The model's size could not be worked out: {str(error)[:200]}")
    if cfg.rl in GENERATING:
        planned["warnings"].append("The memory for generating answers (vLLM, or the model itself) is not estimated.")
    if cfg.fsdp_config or cfg.deepspeed:
        planned["warnings"].append("FSDP and DeepSpeed share memory out among GPUs; the estimate is without them.")
