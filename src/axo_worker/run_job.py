"""The one function that RQ may call: claim the job, prepare its folder, supervise its trainer, say how it ended."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog

from axo_contracts import storage_paths
from axo_contracts.frames import AttemptStarted
from axo_contracts.lifecycle import ENDINGS, EndReason
from axo_contracts.orders import RunOrder, order_from_json
from axo_worker.attempt import Attempt, Host, claim, hold
from axo_worker.attempt_record import write_record
from axo_worker.checkpoints import Resume, Sealer, newest_whole_checkpoint
from axo_worker.diagnosis import Diagnosis, diagnose
from axo_worker.failures import AlreadyBegun, RunFailed
from axo_worker.gpu_locks import taken
from axo_worker.kinds import Launch, launch_of, missing_of, refusal_of
from axo_worker.oom_counter import oom_kills
from axo_worker.process import TrainerProcess
from axo_worker.redis_connection import connect
from axo_worker.supervise import Supervisor, Training
from axo_worker.telemetry.watching import RunWatch
from axo_worker.workspace import has_begun, prepare_workspace

log = structlog.get_logger()


def run_job(order_json: dict[str, Any], *, host: Host) -> None:
    """Run one attempt of a job, if it is to be run here. Returns when the control plane knows how it ended."""
    order = order_from_json(order_json)
    structlog.contextvars.bind_contextvars(job_id=order.job_id, attempt=order.attempt)
    if has_begun(host.settings.storage_root, order):
        log.warning(
            "an order of an attempt that has begun before is left alone", job_id=order.job_id, attempt=order.attempt
        )
        return
    redis = connect(host.settings.redis_url, retries=1)
    lease = claim(order, host, redis)
    if lease is None:
        return
    with hold(order, host, redis, lease) as attempt:
        training = Training()
        try:
            with host.tracer.span("prepare", _ids(order), parent=order.traceparent):
                resume, launch, folder = _prepare(attempt)
            with taken(host.settings.worker_home, order.gpus):
                training = _train(attempt, resume, launch, folder)
            diagnosis = _diagnose(attempt, training, folder)
            write_record(attempt, folder)
        except RunFailed as failure:
            diagnosis = Diagnosis(failure.reason, str(failure))
        except AlreadyBegun:
            host.stop.abandon()
        if not host.stop.is_abandoned:
            attempt.end(diagnosis, training)
    host.tracer.close()


def _prepare(attempt: Attempt) -> tuple[Resume, Launch, Path]:
    order, settings = attempt.order, attempt.host.settings
    if refused := refusal_of(order, settings):
        raise RunFailed(EndReason.BAD_CONFIG, refused)
    resume = _find_checkpoint(order, settings.storage_root, attempt.frames.say)
    launch = launch_of(order, settings, attempt.runtime, resume.path)
    folder = prepare_workspace(settings.storage_root, order, launch.config)
    if reason := attempt.host.stop.reason:
        raise RunFailed(reason, ENDINGS[reason].sentence)
    return resume, launch, folder


def _find_checkpoint(order: RunOrder, storage_root: Path, say: Callable[[str], None]) -> Resume:
    root = storage_root.absolute()
    resume = newest_whole_checkpoint(root / source for source in order.checkpoints_from)
    for reason in resume.skipped:
        say(f"Skipped: {reason}")
    if resume.path:
        say(f"Going on from step {resume.step}: {resume.path.relative_to(root)}")
    return resume


def _train(attempt: Attempt, resume: Resume, launch: Launch, folder: Path) -> Training:
    order, frames = attempt.order, attempt.frames
    sealer = Sealer(folder, frames)
    supervisor = Supervisor(order, attempt.runtime, frames, attempt.host.stop, sealer, attempt.backlog_bytes)
    oom_kills_before = oom_kills()
    with attempt.host.tracer.span("start trainer", _ids(order), parent=order.traceparent):
        trainer = TrainerProcess(
            launch.command, folder=folder, environment=launch.environment, lease_seconds=attempt.lease.safe_seconds
        )
        attempt.keeper.tell(trainer.prolong)
        trainer.wait_until_started()
    frames.send(
        lambda stamp: AttemptStarted(
            **stamp,
            worker=attempt.host.settings.worker_id,
            gpus=order.gpus,
            resumed_from_step=resume.step,
            skipped=resume.skipped,
        )
    )
    with RunWatch(order.gpus, attempt.host.settings.storage_root, frames) as watch:
        training = supervisor.watch(trainer)
    training.gpu_troubles = tuple(watch.troubles)
    attempt.keeper.tell(None)
    trainer.close()
    sealer.finish()
    training.oom_kills = (oom_kills() or 0) - (oom_kills_before or 0)
    return training


def _diagnose(attempt: Attempt, training: Training, folder: Path) -> Diagnosis:
    return diagnose(training, missing_of(attempt.order, folder / storage_paths.OUTPUTS))


def _ids(order: RunOrder) -> dict[str, str | int]:
    return {"job_id": order.job_id, "attempt": order.attempt}
