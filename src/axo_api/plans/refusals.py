"""Axolotl's refusals as this API's own: the option's name becomes that of the spec's field, where there is one."""

from typing import Any

from axo_api.errors import Invalid
from axo_contracts.jobs import JobSpec
from axo_contracts.questions import Refused, sentence_of


def invalid_config(refused: Refused, spec: JobSpec) -> Invalid:
    """Return the 422 for a config that Axolotl does not accept."""
    errors: list[dict[str, Any]] = [
        {"param": _field(problem.param, spec), "message": problem.message} for problem in refused.errors
    ]
    return Invalid(
        f"Axolotl refuses the config: {sentence_of(refused.errors)}", param=errors[0]["param"], errors=errors
    )


def _field(option: str | None, spec: JobSpec) -> str | None:
    name = (option or "").partition(".")[0]
    for part in ("hyperparameters", "adapter", "method"):
        if name in type(getattr(spec, part)).model_fields:
            return f"{part}.{option}"
    return option
