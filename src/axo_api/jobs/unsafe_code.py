"""Whether a job would have its trainer run a client's own code."""

from axo_api.errors import Invalid
from axo_contracts.jobs import TrainSpec


def refuse_unsafe_code(spec: TrainSpec) -> None:
    """Raise `Invalid` for the first field of `spec` that names code to be run."""
    for path in spec.method.needs_unsafe_code():
        raise Invalid(
            f"method.{path}: it needs the permission unsafe_code, because the trainer imports and calls it; use "
            "string_check, text_similarity, regex or length instead.",
            param=f"method.{path}",
        )
