"""Why a checkpoint is kept, and why one went."""

from enum import StrEnum


class KeptBecause(StrEnum):
    """What keeps a checkpoint."""

    NO_RULE = "no_rule"  # its job has no `keep`; as long as it trains, the trainer may delete it (save_total_limit)
    LAST = "last"
    BEST = "best"
    EVERY = "every"
    NEWEST = "newest"  # what its job, or a retry of it, would go on from: as long as the job has not succeeded
    USED = "used"  # by a job that has not ended
    NAMED = "named"  # a name stands for it, or did before its last move


class RemovedBecause(StrEnum):
    """Why a checkpoint is no more."""

    ASKED = "asked"  # DELETE …/checkpoints/{step}
    KEEP = "keep"  # no rule of its job's `keep` wanted it
    SWEPT = "swept"  # the operator's rules for what is old, or too much, took it
    MODEL = "model"  # the model beside it was deleted
