"""Why a run ended, from all that is known of it: a reason, and a sentence for a person. A new cause is a row below."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from axo_contracts.lifecycle import ENDINGS, EndReason
from axo_worker.failures import sentence_with
from axo_worker.supervise import Training


@dataclass(frozen=True)
class Diagnosis:
    """How an attempt ended."""

    reason: EndReason
    message: str


_SIGNS: tuple[tuple[EndReason, re.Pattern[str]], ...] = tuple(
    (reason, re.compile(pattern))
    for reason, pattern in (
        (EndReason.TRACKER_UNAVAILABLE, r"\bTrackerUnavailable: "),
        (EndReason.DESTINATION_UNAVAILABLE, r"\bPushFailed: "),
        (EndReason.TOOL_MISSING, r"\bToolMissing: "),
        (EndReason.OOM_GPU, r"CUDA out of memory|OutOfMemoryError|CUDA error: out of memory|HIP out of memory"),
        (EndReason.DISK_FULL, r"No space left on device|Disk quota exceeded|\bENOSPC\b"),
        (EndReason.NAN_LOSS, r"(?i)\bloss\b.{0,40}\b(is|became|was)\b.{0,20}\b(nan|inf\w*)\b"),
        (
            EndReason.MODEL_UNAVAILABLE,
            (
                r"GatedRepoError|RepositoryNotFoundError|RevisionNotFoundError|LocalEntryNotFoundError|gated repo"
                r"|is not a valid model identifier|does not appear to have a file named|couldn't connect to '?https?://"
                r"|Unrecognized model in|Repo id must (be|use)|Can't find 'adapter_config\.json'"
            ),
        ),
        (
            EndReason.BAD_DATA,
            (
                r"DatasetGenerationError|DatasetNotFoundError|DataFilesNotFoundError|EmptyDatasetError|ArrowInvalid"
                r"|JSONDecodeError|jinja2\.exceptions|(?i:dataset (is )?empty|no (valid )?samples)"
            ),
        ),
        (EndReason.BAD_CONFIG, r"\bUnknownTask: |ValidationError|ConfigValidation|(?i:invalid config)"),
    )
)
_EXCEPTION = re.compile(r"^\s*([\w.]+(Error|Exception|Interrupt|Exit)\b.*)$")
_LAUNCHER = re.compile(r"CalledProcessError|ChildFailedError|torch\.distributed\.elastic")
_KILLED = re.compile(r"died with <Signals\.SIGKILL|exitcode\s*:\s*-9\b|Signal 9 \(SIGKILL\)")


def diagnose(training: Training, missing_result: str | None) -> Diagnosis:
    """Return why the run ended. `missing_result` is what is wrong with its outputs, if anything.

    Trackers that were lost are told with every end, what was seen of its GPUs with every one but a good one.
    """
    diagnosis = _diagnose(training, missing_result)
    gpu_troubles = () if diagnosis.reason is EndReason.COMPLETED else training.gpu_troubles
    return replace(diagnosis, message=" ".join([diagnosis.message, *gpu_troubles, *training.tracker_troubles]))


def _diagnose(training: Training, missing_result: str | None) -> Diagnosis:
    is_whole = training.has_ended and training.exit_code == 0 and missing_result is None
    if training.stop_reason and not (is_whole and training.stop_reason is not EndReason.CANCELLED):
        return _plain(training.stop_reason)
    if training.last_non_finite:
        return _with(EndReason.NAN_LOSS, f"the last loss was {training.last_non_finite}")
    if is_whole:
        return _plain(EndReason.COMPLETED)
    return _infrastructure(training) or _failure(training, missing_result)


def _infrastructure(training: Training) -> Diagnosis | None:
    if training.lease_expired:
        return _with(EndReason.WORKER_LOST, "it could not reach Redis for two thirds of its lease")
    if training.guard_lost:
        return _with(EndReason.WORKER_LOST, "the trainer's guard died")
    return None


def _failure(training: Training, missing_result: str | None) -> Diagnosis:
    lines = training.log_tail.lines(400)
    was_killed = training.signal == 9 or any(_KILLED.search(line) for line in lines)
    if was_killed and training.oom_kills > 0:
        return _plain(EndReason.OOM_HOST)
    if training.exit_code != 0:
        for reason, pattern in _SIGNS:
            if found := _quote(lines, pattern):
                return _with(reason, found)
        if training.phase == "preparing data" and (raised := _raised(lines)):
            return _with(EndReason.BAD_DATA, raised)
    return _with(EndReason.TRAINER_CRASHED, _what_happened(training, missing_result, lines))


def _what_happened(training: Training, missing_result: str | None, lines: Sequence[str]) -> str:
    if training.signal is not None:
        return f"signal {training.signal} ended it"
    if training.exit_code:
        return _raised(lines) or f"exit code {training.exit_code}"
    if not training.has_ended:
        return "it left with exit code 0 before its training had ended"
    return missing_result or "exit code unknown"


def _raised(lines: Sequence[str]) -> str | None:
    """Return the last exception that the trainer itself raised."""
    own = [match[1] for line in lines if (match := _EXCEPTION.match(line)) and not _LAUNCHER.search(line)]
    return own[-1] if own else None


def _quote(lines: Sequence[str], sign: re.Pattern[str]) -> str | None:
    """Return the last line with the sign in it; the two lines below pydantic's say which key, and what is wrong."""
    for number in range(len(lines) - 1, -1, -1):
        if sign.search(lines[number]) and not _LAUNCHER.search(lines[number]):
            length = 3 if "validation error" in lines[number] else 1
            return " ".join(line.strip() for line in lines[number : number + length])
    return None


def _plain(reason: EndReason) -> Diagnosis:
    return Diagnosis(reason, ENDINGS[reason].sentence)


def _with(reason: EndReason, detail: str) -> Diagnosis:
    return Diagnosis(reason, sentence_with(reason, detail[:500]))
