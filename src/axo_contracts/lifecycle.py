"""A job's statuses, the moves between them, and why runs end. A new way to end is a member of `EndReason`."""

from dataclasses import dataclass
from enum import StrEnum


class JobStatus(StrEnum):
    """Where a job stands. The values are those of OpenAI's fine-tuning jobs, and axo's own between them."""

    VALIDATING_FILES = "validating_files"  # its data is being read
    QUEUED = "queued"  # waits for a worker that fits
    STARTING = "starting"  # ordered from a worker, which has not started the trainer yet
    RUNNING = "running"  # the trainer runs
    PAUSING = "pausing"  # asked to stop at the next step, with a checkpoint
    PAUSED = "paused"  # holds no GPU; goes on from its checkpoint when resumed
    CANCELLING = "cancelling"  # asked to stop at the next step, for good
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


TERMINAL = frozenset({JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED})
ON_A_WORKER = frozenset({JobStatus.STARTING, JobStatus.RUNNING, JobStatus.PAUSING, JobStatus.CANCELLING})

MOVES: dict[JobStatus, frozenset[JobStatus]] = {
    JobStatus.VALIDATING_FILES: frozenset({JobStatus.QUEUED, JobStatus.FAILED, JobStatus.CANCELLED}),
    JobStatus.QUEUED: frozenset({JobStatus.STARTING, JobStatus.PAUSED, JobStatus.FAILED, JobStatus.CANCELLED}),
    JobStatus.STARTING: frozenset(
        {
            JobStatus.RUNNING,
            JobStatus.QUEUED,
            JobStatus.PAUSING,
            JobStatus.CANCELLING,
            JobStatus.SUCCEEDED,
            JobStatus.FAILED,
        }
    ),
    JobStatus.RUNNING: frozenset(
        {JobStatus.QUEUED, JobStatus.PAUSING, JobStatus.CANCELLING, JobStatus.SUCCEEDED, JobStatus.FAILED}
    ),
    JobStatus.PAUSING: frozenset({JobStatus.PAUSED, JobStatus.CANCELLING, JobStatus.SUCCEEDED, JobStatus.FAILED}),
    JobStatus.PAUSED: frozenset({JobStatus.QUEUED, JobStatus.CANCELLED}),
    JobStatus.CANCELLING: frozenset({JobStatus.CANCELLED}),
    JobStatus.SUCCEEDED: frozenset(),
    JobStatus.FAILED: frozenset(),
    JobStatus.CANCELLED: frozenset(),
}


class EndReason(StrEnum):
    """Why one attempt ended: a stable code. What follows from it is in `ENDINGS`."""

    COMPLETED = "completed"
    CANCELLED = "cancelled"
    PAUSED = "paused"
    PREEMPTED = "preempted"
    OOM_GPU = "oom_gpu"
    OOM_HOST = "oom_host"
    DISK_FULL = "disk_full"
    NAN_LOSS = "nan_loss"
    BAD_DATA = "bad_data"
    BAD_CONFIG = "bad_config"
    MODEL_UNAVAILABLE = "model_unavailable"
    TRACKER_UNAVAILABLE = "tracker_unavailable"
    DESTINATION_UNAVAILABLE = "destination_unavailable"
    TOOL_MISSING = "tool_missing"
    TRAINER_CRASHED = "trainer_crashed"
    WORKER_LOST = "worker_lost"
    TIMED_OUT = "timed_out"
    STALLED = "stalled"
    CHAIN_BROKEN = "chain_broken"


@dataclass(frozen=True, slots=True)
class Ending:
    """What an `EndReason` means: the status that the job gets, and one sentence for a person."""

    status: JobStatus
    sentence: str
    is_loss: bool = False  # the infrastructure's doing: it counts towards `MAX_LOSSES`


ENDINGS: dict[EndReason, Ending] = {
    EndReason.COMPLETED: Ending(JobStatus.SUCCEEDED, "The run ended and its result is whole."),
    EndReason.CANCELLED: Ending(JobStatus.CANCELLED, "The job was cancelled."),
    EndReason.PAUSED: Ending(
        JobStatus.PAUSED, "The job was paused; resume it to go on, from its newest checkpoint if it has one."
    ),
    EndReason.PREEMPTED: Ending(
        JobStatus.QUEUED, "The worker was asked to stop; the job goes on, from its newest checkpoint if it has one."
    ),
    EndReason.OOM_GPU: Ending(
        JobStatus.FAILED, "The GPU ran out of memory; lower micro_batch_size or sequence_len, or use qlora."
    ),
    EndReason.OOM_HOST: Ending(
        JobStatus.FAILED, "The host ran out of memory and the kernel killed the trainer; use a host with more memory."
    ),
    EndReason.DISK_FULL: Ending(
        JobStatus.FAILED, "The disk is full; free space on the worker, or keep fewer checkpoints (save_total_limit)."
    ),
    EndReason.NAN_LOSS: Ending(
        JobStatus.FAILED, "The loss became NaN or infinite; lower learning_rate or look at the data."
    ),
    EndReason.BAD_DATA: Ending(JobStatus.FAILED, "The trainer could not read the data; mend the row that it names."),
    EndReason.BAD_CONFIG: Ending(JobStatus.FAILED, "The trainer refused the config; mend what it names."),
    EndReason.MODEL_UNAVAILABLE: Ending(
        JobStatus.FAILED, "The model could not be loaded; look at its name, and at access to it."
    ),
    EndReason.TRACKER_UNAVAILABLE: Ending(
        JobStatus.FAILED, "A tracker of the run could not be used; look at its address, and at its key on the worker."
    ),
    EndReason.DESTINATION_UNAVAILABLE: Ending(
        JobStatus.FAILED,
        "The result could not be taken to where it was to go; look at the address, and at the worker's keys for it.",
    ),
    EndReason.TOOL_MISSING: Ending(
        JobStatus.FAILED, "The worker lacks a program that this kind of job needs; install what it names."
    ),
    EndReason.TRAINER_CRASHED: Ending(JobStatus.FAILED, "The trainer ended with an error; its last lines say which."),
    EndReason.WORKER_LOST: Ending(
        JobStatus.QUEUED,
        "The worker was lost; the job goes on, from its newest checkpoint if it has one.",
        is_loss=True,
    ),
    EndReason.TIMED_OUT: Ending(JobStatus.FAILED, "The job ran longer than its max_runtime allows."),
    EndReason.STALLED: Ending(JobStatus.FAILED, "The trainer made no step for longer than the stall limit."),
    EndReason.CHAIN_BROKEN: Ending(
        JobStatus.CANCELLED, "A job before it in its chain did not succeed, so it has never run."
    ),
}

MAX_LOSSES = 3  # infrastructure losses without a newer checkpoint, after which the job itself is taken for the cause


def status_after(current: JobStatus, reason: EndReason, *, losses: int, has_remedy: bool = False) -> JobStatus:
    """Return the status of a job whose attempt ended while it was in `current`.

    `losses` counts the infrastructure losses since the newest checkpoint, this one included; with `has_remedy` a next
    attempt will do otherwise what this one failed at. What a person asked for comes first: a job that is being
    cancelled ends as cancelled however its run ended.
    """
    ending = ENDINGS[reason]
    if current is JobStatus.CANCELLING:
        return JobStatus.CANCELLED
    if ending.is_loss and losses >= MAX_LOSSES:
        return JobStatus.FAILED
    status = JobStatus.QUEUED if has_remedy else ending.status
    if status is JobStatus.QUEUED and current is JobStatus.PAUSING:
        return JobStatus.PAUSED
    return status
