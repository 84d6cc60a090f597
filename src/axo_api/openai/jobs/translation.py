"""A request of OpenAI's clients as a native spec."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from axo_api.errors import Invalid, invalid_from_pydantic
from axo_api.models.starting import Start
from axo_api.openai.base_models import base_model_of
from axo_api.openai.jobs import hyperparameters
from axo_api.openai.jobs.graders import rewards_of
from axo_api.openai.jobs.requests import (
    CreateJob,
    DpoMethod,
    Integration,
    ReinforcementHyperparameters,
    ReinforcementMethod,
    SupervisedMethod,
    TuningHyperparameters,
)
from axo_contracts.jobs import TrainSpec

NATIVE_FIELDS = frozenset(TrainSpec.model_fields) - {
    "kind", "base_model", "datasets", "validation_datasets", "method", "hyperparameters", "metadata", "seed", "name",
    "integrations",
}  # fmt: skip
"""What may stand beside OpenAI's fields, natively spelt."""


class Asked(NamedTuple):
    """A request that was understood: its spec, and what only OpenAI's face shows of it."""

    spec: TrainSpec
    face: dict[str, Any]


def translate(request: CreateJob, base_models: Mapping[str, str], start: Start | None = None) -> Asked:
    """Return what `request` asks for; `start` is the trained model that it names. Raises `ModelNotFound`, and `Invalid`
    in native words.
    """
    kind, method, asked = _method(request)
    older, own = hyperparameters.split(request.hyperparameters or {})
    tuning = _merged(asked, older)
    native = _native_fields(request)
    given = {
        **native,
        **_model(request, native, base_models, start),
        "datasets": [_dataset(request.training_file, kind)],
        "validation_datasets": [_dataset(request.validation_file, kind)] if request.validation_file else [],
        "hyperparameters": hyperparameters.native(
            kind, tuning, gpus=_gpus(native), has_preset=native.get("preset") is not None
        )
        | own,
        "metadata": request.metadata or {},
    }
    if method is not None:
        given["method"] = method
    if request.seed is not None:
        given["seed"] = request.seed
    if request.suffix and (name := _name(request.suffix)):
        given["name"] = name
    if request.integrations:
        given["integrations"] = [_integration(one) for one in request.integrations]
    spec = hyperparameters.with_learning_rate(_validated(given), tuning.learning_rate_multiplier)
    return Asked(spec, _face(request, start))


def _method(request: CreateJob) -> tuple[str | None, dict[str, Any] | None, TuningHyperparameters | None]:
    """Return which of OpenAI's methods it is, the native method, and the hyperparameters that stand with it."""
    match request.method:
        case None:
            return "supervised", None, None
        case SupervisedMethod(supervised=settings):
            return "supervised", {"type": "sft"}, settings.hyperparameters if settings else None
        case DpoMethod(dpo=settings):
            asked = settings.hyperparameters if settings else None
            beta = {"rl_beta": asked.beta} if asked and asked.beta is not None else {}
            return "dpo", {"type": "dpo", **beta}, asked
        case ReinforcementMethod(reinforcement=settings):
            asked_of = settings.hyperparameters or ReinforcementHyperparameters()
            answers = hyperparameters.generations(asked_of)
            rewards = rewards_of(settings.grader)
            return "reinforcement", {"type": "grpo", "rewards": rewards, "num_generations": answers}, asked_of
        case native:
            return None, native, None


def _model(
    request: CreateJob, native: Mapping[str, Any], base_models: Mapping[str, str], start: Start | None
) -> dict[str, Any]:
    if start is None:
        return {"base_model": base_model_of(request.model, base_models)}
    for field in ("adapter", "base_model_revision"):
        if native.get(field) is not None:
            raise Invalid(f"{field}: leave it out; training goes on with that of {request.model!r}.", param=field)
    return {
        "base_model": start.spec.base_model,
        "base_model_revision": start.spec.base_model_revision,
        "adapter": start.spec.adapter.model_dump(mode="json"),
    }


def _merged(asked: TuningHyperparameters | None, older: dict[str, Any]) -> TuningHyperparameters:
    try:
        return hyperparameters.merged(asked, older)
    except ValidationError as error:
        raise _invalid(error, older, "hyperparameters") from None


def _native_fields(request: CreateJob) -> dict[str, Any]:
    native: dict[str, Any] = dict(request.model_extra or {})
    for name in native:
        if name not in NATIVE_FIELDS:
            raise Invalid(
                f"{name[:64]}: there is no such field; beside OpenAI's there are {', '.join(sorted(NATIVE_FIELDS))}.",
                param=name[:64],
            )
    return native


def _dataset(file_id: str, kind: str | None) -> dict[str, Any]:
    dataset: dict[str, Any] = {"source": {"type": "file", "file_id": file_id}}
    if kind == "reinforcement":  # its rows hold their prompts as `messages`
        dataset["format"] = {"type": "prompts", "field_prompt": "messages"}
    return dataset


def _gpus(native: Mapping[str, Any]) -> int:
    gpus = _object(native.get("resources")).get("gpus")
    return gpus if isinstance(gpus, int) else 1


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _name(suffix: str) -> str:
    """Return a suffix as names are spelt here: letters, digits, dot, dash and underscore."""
    return re.sub(r"[^\w.-]+", "-", suffix, flags=re.ASCII).strip("-._")


def _integration(integration: Integration) -> dict[str, Any]:
    return {"type": integration.type, **integration.wandb.model_dump(exclude_none=True)}


def _face(request: CreateJob, start: Start | None) -> dict[str, Any]:
    face: dict[str, Any] = {"model": request.model}
    if start is not None:
        face["base_model"] = start.base_name
    if request.integrations:
        face["integrations"] = [one.model_dump() for one in request.integrations]
    if isinstance(request.method, ReinforcementMethod):
        face["grader"] = request.method.reinforcement.grader
    return face


def _validated(given: dict[str, Any]) -> TrainSpec:
    try:
        return TrainSpec.model_validate(given)
    except ValidationError as error:
        raise _invalid(error, given) from None


def _invalid(error: ValidationError, body: Any, *within: str) -> Exception:
    for name in reversed(within):
        body = {name: body}
    problems = [{**problem, "loc": ("body", *within, *problem["loc"])} for problem in error.errors()]
    return invalid_from_pydantic(problems, body)
