"""The operator's rule on checkpoints, for a training that gives none. What is stored stays when that is changed."""

from typing import Any

from axo_contracts.config_spec import ConfigSpec
from axo_contracts.jobs import JobSpec, TrainSpec
from axo_contracts.keep import Keep


def settle_keep(spec: JobSpec, row: dict[str, Any], keep: Keep | None) -> None:
    """Write `keep` into a job's row, unless its spec says which checkpoints are kept, or it keeps none."""
    if keep is None or not isinstance(spec, TrainSpec | ConfigSpec):
        return
    if spec.keep is None and not spec.limits_its_checkpoints:
        row["spec"]["keep"] = keep.model_dump(mode="json")
