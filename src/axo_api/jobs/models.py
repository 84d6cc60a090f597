"""The models that a job reads: found when it is submitted, or when the job before it in its chain has left them."""

from typing import Any, Literal

from sqlalchemy import Connection, RowMapping

from axo_api.errors import Invalid
from axo_api.models.weights import Weights, base_left_by, base_of, left_by, weights_of
from axo_contracts.config_spec import ConfigSpec
from axo_contracts.jobs import JobSpec
from axo_contracts.named_model import BASE, PREVIOUS, NamedModel
from axo_contracts.tasks import EvaluateSpec, ExportSpec, MergeSpec, QuantizeSpec
from axo_contracts.training import Training

Form = Literal["adapter", "whole", "quantised"]
"""What a model's files are."""

_BY_CHAIN = "what the job before leaves"


def settle_models(connection: Connection, spec: JobSpec, row: dict[str, Any]) -> None:
    """Write into a job's row where the models lie that it reads, unless that is known, as with a retry.

    What a chain's job takes from those before it is left open: see `handed_on`. Training that begins from a model of
    the hub, or from a path, has it in its config alone. Raises `ModelNotFound`, and `Invalid` for a model that is of no
    use for the job.
    """
    named = spec.named_models()
    if row["models"] is not None or (isinstance(spec, Training | ConfigSpec) and not named[0].is_trained_here):
        return
    if row["after"] is None:
        _refuse_words_of_chains(named)
    found = {one.field: weights_of(connection, one, owner=row["owner"]) for one in named if not one.is_of_chain}
    if (about := found.get(named[0].field)) is not None:
        _refuse(spec, _form(about), named[0].field, repr(about.name))
        if _compares_with_base(spec):
            found[BASE] = base_of(connection, named[0], owner=row["owner"])
    row["models"] = _kept(found)


def refuse_for_chain(spec: JobSpec, left: Form) -> None:
    """Raise `Invalid` when a chain's job can do nothing with what those before it will have `left`."""
    named = spec.named_models()[0]
    if named.is_of_chain:
        _refuse(spec, left if named.name == PREVIOUS else "whole", named.field, _BY_CHAIN)


def form_left_by(spec: JobSpec) -> Form:
    """Return what the model will be that a job of `spec` leaves, if it is of a kind that leaves one."""
    if isinstance(spec, QuantizeSpec):
        return "quantised"
    return "adapter" if spec.is_adapter else "whole"


def handed_on(connection: Connection, spec: JobSpec, row: RowMapping, maker: RowMapping) -> dict[str, Any]:
    """Return `models` of a chain's job, now that `maker` has made its model: the last before it that makes one."""
    known = {field: Weights.kept(kept) for field, kept in row["models"].items()}
    words = {PREVIOUS: left_by(connection, maker), BASE: base_left_by(maker)}
    found = {one.field: words[one.name] if one.is_of_chain else known[one.field] for one in spec.named_models()}
    if _compares_with_base(spec):
        found[BASE] = known.get(BASE, words[BASE])
    return _kept(found)


def _compares_with_base(spec: JobSpec) -> bool:
    return isinstance(spec, EvaluateSpec) and spec.compare_with == BASE


def _kept(found: dict[str, Weights]) -> dict[str, Any]:
    return {field: weights._asdict() for field, weights in found.items()}


def _form(weights: Weights) -> Form:
    if weights.adapter is not None:
        return "adapter"
    return "quantised" if weights.is_quantised else "whole"


def _refuse_words_of_chains(named: tuple[NamedModel, ...]) -> None:
    for one in named:
        if one.is_of_chain:
            raise Invalid(
                f"{one.field}: name the model; only in a chain (`then`) may it be left out, or be `{PREVIOUS}` or "
                f"`{BASE}`.",
                param=one.field,
            )


def _refuse(spec: JobSpec, form: Form, field: str, what: str) -> None:
    """Raise `Invalid` for a model that is of no use for a job of `spec`."""
    match spec, form:
        case ((Training() | ConfigSpec()), "adapter"):
            mend = (
                "is an adapter. Merge it first (kind: merge), and train on what comes of that; or go on with the "
                "adapter itself by POST /v1/fine_tuning/jobs"
            )
        case ((Training() | ConfigSpec()), "quantised"):
            mend = "is quantised, and cannot be trained on; train on what it was made from"
        case MergeSpec(), "whole" | "quantised":
            mend = "is a whole model, so there is nothing to merge; name a result that is an adapter"
        case QuantizeSpec() | ExportSpec(), "adapter":
            mend = "is an adapter; merge it first (kind: merge)"
        case QuantizeSpec() | ExportSpec(), "quantised":
            mend = "is quantised already; name what it was made from"
        case _:
            return
    raise Invalid(f"{field}: {what} {mend}.", param=field)
