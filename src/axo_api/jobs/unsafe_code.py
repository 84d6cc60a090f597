"""Whether a job would have its trainer run a client's own code, or call an address of a client's choice."""

from collections.abc import Collection

from axo_api.errors import Invalid
from axo_contracts.training import Training


def refuse_unsafe_code(spec: Training) -> None:
    """Raise `Invalid` for the first field of `spec` that names code to be run."""
    for path in spec.method.needs_unsafe_code():
        raise Invalid(
            f"method.{path}: it needs the permission unsafe_code, because the trainer imports and calls it; use "
            "string_check, text_similarity, regex or length instead.",
            param=f"method.{path}",
        )


def refuse_addresses(spec: Training, allowed: Collection[str]) -> None:
    """Raise `Invalid` for the first tracker of `spec` whose address is not one of those `allowed`."""
    for number, integration in enumerate(spec.integrations):
        field, address = integration.address
        if address is not None and address.rstrip("/") not in {one.rstrip("/") for one in allowed}:
            path = f"integrations.{number}.{field}"
            raise Invalid(
                f"{path}: {address!r} needs the permission unsafe_code, because the run sends its figures there; leave "
                "it out to have the worker's own, or have the operator add it to AXO_TRACKER_ADDRESSES.",
                param=path,
            )
