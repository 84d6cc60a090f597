"""What is tried in place of failing, where the spec asks for it."""

from dataclasses import dataclass
from typing import Any

from axo_contracts.jobs import JobSpec, spec_from_json
from axo_contracts.lifecycle import EndReason
from axo_contracts.training import MICRO_BATCHES


@dataclass(frozen=True, slots=True)
class Remedy:
    """What the next attempt does otherwise: Axolotl options in place of the spec's, and the sentence that says so."""

    hyperparameters: dict[str, Any]
    sentence: str


def remedy_for(reason: EndReason, spec: dict[str, Any], earlier: dict[str, Any] | None) -> Remedy | None:
    """Return what to try after an attempt of a `spec` that ended for `reason` with the `earlier` remedies."""
    return None if reason is not EndReason.OOM_GPU else _for_gpu_memory(spec_from_json(spec), earlier)


def _for_gpu_memory(spec: JobSpec, earlier: dict[str, Any] | None) -> Remedy | None:
    if spec.limits.on_oom != "halve_micro_batch" or spec.micro_batches is None:
        return None
    now = dict(zip(MICRO_BATCHES, spec.micro_batches, strict=True)) | (earlier or {})
    if now["micro_batch_size"] % 2:
        return None
    then = {
        "micro_batch_size": now["micro_batch_size"] // 2,
        "gradient_accumulation_steps": now["gradient_accumulation_steps"] * 2,
    }
    changes = ", ".join(f"{name} {now[name]} → {then[name]}" for name in then)
    return Remedy(
        then, f"The GPU ran out of memory; the next attempt has {changes}, and as many rows a step as before."
    )
