"""Specs of every method, as few words as they take."""

from typing import Any, get_args

from axo_contracts.format_names import FormatName
from axo_contracts.jobs import TrainSpec
from axo_contracts.methods import Method

REWARDS = [{"type": "string_check", "operation": "like"}]
METHODS: dict[str, dict[str, Any]] = {
    "sft": {},
    "pretrain": {},
    "dpo": {},
    "ipo": {},
    "simpo": {},
    "orpo": {},
    "kto": {},
    "grpo": {"rewards": REWARDS},
    "gdpo": {"rewards": REWARDS},
    "ebft": {"mode": "strided"},
    "reward": {},
    "process_reward": {},
}
FORMATS: tuple[FormatName, ...] = get_args(FormatName)
HUB = {"type": "hub", "repo_id": "org/data"}


def formats_of(name: str) -> tuple[FormatName, ...]:
    """Return the row formats that suit the method called `name`."""
    method: Any = next(of for of in get_args(get_args(Method)[0]) if of.model_fields["type"].default == name)
    formats: tuple[FormatName, ...] = method.formats
    return formats


def spec(method: str, /, *, row_format: dict[str, Any] | None = None, **fields: Any) -> TrainSpec:
    """Return a spec of `method`; `options` are the method's own."""
    options = fields.pop("options", {})
    return TrainSpec.model_validate(
        {
            "base_model": "org/model",
            "datasets": [{"source": HUB, "format": row_format}],
            "method": {"type": method, **METHODS[method], **options},
            **fields,
        }
    )
