"""What a run says. A worker numbers its frames `(attempt, seq)`; the control plane adds `status` and `end`.

A frame's JSON is one line of the job's journal and the data of one SSE event, so `type` always comes first.
"""

from datetime import datetime
from typing import Literal, get_args

import msgspec

from axo_contracts.lifecycle import EndReason, JobStatus
from axo_contracts.readings import GpuProcess, TroubleKind

MAX_TEXT_BYTES = 64 * 1024  # a longer line is cut here and marked

Work = Literal[
    "training", "merging", "scoring", "generating", "preparing", "quantizing", "exporting", "testing", "pushing"
]
"""A part of a run's work that goes on in steps."""
PhaseName = Literal["preparing data", "loading model", Work, "evaluating", "saving", "uploading"]
"""What a run is at."""
WORK: frozenset[PhaseName | None] = frozenset(get_args(Work))


class _FromRun(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    attempt: int
    seq: int  # 1, 2, 3 … without a gap within an attempt
    time: datetime


class AttemptStarted(_FromRun, frozen=True, kw_only=True, tag="attempt_started"):
    """The trainer's process was started."""

    worker: str
    gpus: tuple[int, ...]
    resumed_from_step: int | None = None
    skipped: tuple[str, ...] = ()  # newer checkpoints that could not be gone on from, each with the reason


class Log(_FromRun, frozen=True, kw_only=True, tag="log", omit_defaults=True):
    """One line of the trainer's output, or of the worker's own (`source: worker`)."""

    text: str
    source: Literal["stdout", "stderr", "worker"] = "stdout"
    truncated: bool = False


class Progress(_FromRun, frozen=True, kw_only=True, tag="progress"):
    """How far a part of the work is: a progress bar's repaint, at most a few a second."""

    description: str
    current: float
    total: float | None = None


class Phase(_FromRun, frozen=True, kw_only=True, tag="phase", omit_defaults=True):
    """The trainer turned to another part of its work. Its steps are said when the training begins."""

    phase: PhaseName
    step: int | None = None
    max_steps: int | None = None


class Step(_FromRun, frozen=True, kw_only=True, tag="step"):
    """The trainer has made a step: said once a second at most, however seldom it logs."""

    step: int


class Metric(_FromRun, frozen=True, kw_only=True, tag="metric"):
    """What the trainer's `on_log` said. A value that is NaN or infinite is null, and named in `non_finite`."""

    step: int
    max_steps: int
    epoch: float | None
    values: dict[str, float | None]
    non_finite: dict[str, str] = {}


class GpuReading(_FromRun, frozen=True, kw_only=True, tag="gpu"):
    """One reading of one GPU: the fields of `axo_contracts.readings.GpuLoad`."""

    index: int
    utilization_percent: float | None
    memory_used_bytes: int
    memory_total_bytes: int
    power_watts: float | None = None
    temperature_celsius: float | None = None
    throttled: tuple[str, ...] = ()
    ecc_corrected: int | None = None
    ecc_uncorrected: int | None = None
    processes: tuple[GpuProcess, ...] = ()


class HostReading(_FromRun, frozen=True, kw_only=True, tag="host"):
    """One reading of the host that the run is on: the fields of `axo_contracts.readings.HostLoad`."""

    cpu_percent: float
    memory_used_bytes: int
    memory_total_bytes: int
    disk_free_bytes: int
    disk_total_bytes: int


class Trouble(_FromRun, frozen=True, kw_only=True, tag="trouble"):
    """Something is wrong with a GPU of the run; the run goes on, if it can."""

    index: int
    kind: TroubleKind
    message: str


class Checkpoint(_FromRun, frozen=True, kw_only=True, tag="checkpoint"):
    """A checkpoint is complete on disk. `path` is relative to the attempt's folder."""

    step: int
    path: str
    bytes: int


class AttemptEnded(_FromRun, frozen=True, kw_only=True, tag="attempt_ended"):
    """The last frame of an attempt: nothing of its process tree lives any more."""

    reason: EndReason
    message: str
    exit_code: int | None = None
    signal: int | None = None
    log_tail: tuple[str, ...] = ()


class Status(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="status"):
    """The job's status, after each move of it. `event` is the number of the recorded event that caused it."""

    event: int
    time: datetime
    status: JobStatus
    attempt: int
    reason: EndReason | None = None
    message: str = ""


class End(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="end"):
    """The last frame of a job: its terminal status. The stream closes behind it."""

    event: int
    time: datetime
    status: JobStatus
    reason: EndReason | None = None
    message: str = ""


RunFrame = (
    AttemptStarted
    | Log
    | Progress
    | Phase
    | Step
    | Metric
    | GpuReading
    | HostReading
    | Trouble
    | Checkpoint
    | AttemptEnded
)
Frame = RunFrame | Status | End

EVENT_NAMES = (
    "attempt_started",
    "log",
    "progress",
    "phase",
    "step",
    "metric",
    "gpu",
    "host",
    "trouble",
    "checkpoint",
    "attempt_ended",
    "status",
    "end",
)

encode = msgspec.json.Encoder().encode
decode_run_frame = msgspec.json.Decoder(RunFrame).decode
decode = msgspec.json.Decoder(Frame).decode


def type_of(line: bytes) -> str:
    """Return the type of an encoded frame without decoding it."""
    return line[9 : line.index(b'"', 9)].decode()
