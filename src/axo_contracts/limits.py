"""When a run is ended by the service, and what is tried before a job fails."""

from typing import Annotated, Literal

from pydantic import Field

from axo_contracts.strict import Count, Strict


class Limits(Strict):
    """Limits end a run as a pause does: at its next step, with a checkpoint."""

    max_runtime_seconds: Count | None = None
    """How long the job may run, all its attempts together, before it ends as `timed_out`. Left out: no limit."""
    stall_seconds: Annotated[int, Field(ge=5, le=2**31 - 1)] = 1800
    """How long the trainer may go without a step (or, before the first, without a word) before it ends as `stalled`."""
    on_oom: Literal["fail", "halve_micro_batch"] = "fail"
    """What follows when the GPU runs out of memory. halve_micro_batch: try again from the newest checkpoint with half
    the micro_batch_size and twice the gradient_accumulation_steps, so that a step still has the same rows."""
