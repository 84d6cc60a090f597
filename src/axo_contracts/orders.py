"""What a worker needs to run one attempt of a job."""

from typing import Any, Literal

import msgspec

from axo_contracts.wrappings import Compression


class InputFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that the run reads. The worker puts it, unpacked, at `inputs/{name}` in the workspace."""

    name: str
    source: str  # a path below the storage root
    bytes: int
    sha256: str
    compression: Compression | None = None  # the worker unpacks it: Axolotl's environment may lack what it takes


JobKind = Literal["train", "preprocess", "merge", "quantize", "export", "score", "evaluate", "generate", "push"]


class RunOrder(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt of one job. `attempt` is its fencing token. Paths in `config` are relative to the workspace."""

    job_id: str
    attempt: int
    kind: JobKind = "train"
    config: dict[str, Any]  # of Axolotl; of another kind than `train`, what its program reads
    inputs: tuple[InputFile, ...] = ()
    prepared_from: str | None = None  # data that another job has prepared: a folder below the storage root
    gpus: tuple[int, ...] = ()
    checkpoints_from: tuple[str, ...] = ()  # attempts' folders, or checkpoints, below the storage root: may be resumed
    recorded_step: int | None = None  # the newest whose numbers are on record; a checkpoint may know of newer ones
    traceparent: str | None = None  # W3C Trace Context of the request that the job came by, where traces are kept
    lease_seconds: float = 30.0
    runtime_left_seconds: float | None = None  # after which the run ends as `timed_out`
    stall_seconds: float = 1800.0  # without a step, after which it ends as `stalled`
    stop_grace_seconds: float = 30.0  # how long a trainer may take to checkpoint and leave before it is killed


RUN_JOB = "axo_worker.run_job.run_job"  # the one function that RQ may call


def order_to_json(order: RunOrder) -> dict[str, Any]:
    """Return `order` as JSON's own types, for RQ's JSON serializer."""
    result: dict[str, Any] = msgspec.to_builtins(order)
    return result


def order_from_json(data: dict[str, Any]) -> RunOrder:
    """Return the order that `order_to_json` wrote. Raises `msgspec.ValidationError` when it is not one."""
    return msgspec.convert(data, RunOrder)
