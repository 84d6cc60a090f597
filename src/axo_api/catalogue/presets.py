"""A spec with its preset filled in. What is stored is the result, so that an edited catalogue changes no queued job."""

from typing import Any

from pydantic import ValidationError

from axo_api.catalogue.reading import Catalogue
from axo_api.errors import Invalid, invalid_from_pydantic
from axo_contracts.jobs import JobSpec, PreprocessSpec, TrainSpec
from axo_contracts.training import Training


def with_preset(spec: JobSpec, catalogue: Catalogue) -> JobSpec:
    """Return `spec` with its preset's values where it gives none of its own. Raises `Invalid` for an unknown preset."""
    if not isinstance(spec, TrainSpec | PreprocessSpec) or spec.preset is None:
        return spec
    preset = catalogue.presets.get(spec.preset)
    if preset is None:
        known = ", ".join(sorted(catalogue.presets))
        raise Invalid(f"preset: there is no preset {spec.preset!r}; there are {known}.", param="preset")
    given = spec.model_dump(mode="json", exclude_unset=True)
    filled = {
        "hyperparameters": {**preset.hyperparameters, **given.get("hyperparameters", {})},
        "adapter": _adapter(spec, preset.adapter, given.get("adapter")),
    }
    try:
        return type(spec).model_validate(given | filled)
    except ValidationError as error:  # two fields that exclude each other, one of them the preset's
        raise invalid_from_pydantic(
            [{**problem, "loc": ("body", *problem["loc"])} for problem in error.errors()], given | filled
        ) from None


def _adapter(spec: Training, of_preset: dict[str, Any], given: dict[str, Any] | None) -> dict[str, Any]:
    if given is None:
        return {"type": spec.adapter.type, **of_preset}
    fields = type(spec.adapter).model_fields
    suiting = {name: value for name, value in of_preset.items() if name in fields and name != "type"}
    return {**suiting, **given, "type": spec.adapter.type}
