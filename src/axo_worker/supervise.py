"""Watches over one trainer until nothing of its tree lives: reads it, passes on what it says, and stops it."""

import os
import selectors
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from axo_contracts.frames import Metric, PhaseName, Step, Work
from axo_contracts.frames import Phase as PhaseFrame
from axo_contracts.lifecycle import ENDINGS, EndReason
from axo_contracts.orders import RunOrder
from axo_worker.checkpoints import Sealer
from axo_worker.frames import FrameWriter
from axo_worker.intake import Intake
from axo_worker.output import LogTail, OutputReader
from axo_worker.process import TrainerProcess, read_some
from axo_worker.reports import (
    Alive,
    MetricReport,
    Phase,
    Save,
    Tracker,
    TrackerLost,
    TrainBegin,
    TrainEnd,
    parse_report,
)
from axo_worker.run_folder import RunFolder
from axo_worker.spool import MAX_BACKLOG_BYTES
from axo_worker.stop import StopRequest
from axo_worker.watchdog import Watchdog

GUARD_PATIENCE_SECONDS = 2.0  # for a guard that was told to kill, before it is done without it
_BACKLOG_LOOK_SECONDS = 0.05


@dataclass
class Training:
    """What is known of a run when its tree is gone, or so far."""

    phase: str | None = None  # what the trainer was at when it was last heard of, before its first step
    has_begun: bool = False
    has_ended: bool = False  # by itself, not because it was asked to
    last_non_finite: str | None = None  # what the newest loss was, if not a number
    exit_code: int | None = None
    signal: int | None = None
    stop_reason: EndReason | None = None
    lease_expired: bool = False
    guard_lost: bool = False
    oom_kills: int = 0
    gpu_troubles: tuple[str, ...] = ()  # what was seen of its GPUs, a sentence each
    tracker_troubles: list[str] = field(default_factory=list)  # a sentence for each tracker that was lost
    log_tail: LogTail = field(default_factory=LogTail)


class Supervisor:
    """Supervises one trainer. All its work is done in the thread that calls `watch`."""

    def __init__(
        self,
        order: RunOrder,
        runtime: RunFolder,
        frames: FrameWriter,
        stop: StopRequest,
        sealer: Sealer,
        backlog_bytes: Callable[[], int],
    ) -> None:
        self._order = order
        self._runtime = runtime
        self._frames = frames
        self._stop = stop
        self._sealer = sealer
        self._backlog_bytes = backlog_bytes
        self._unread_report = b""
        self._kill_at: float | None = None
        self._killed_at: float | None = None
        self._step = 0  # the newest that was said
        self._work: Work = "training"
        self._watchdog = Watchdog(order)
        self._training = Training()

    def watch(self, trainer: TrainerProcess) -> Training:
        """Return what came of the training, once nothing of the trainer's tree lives and all it said is read."""
        log_tail = self._training.log_tail
        outputs = [
            Intake(trainer.stdout, OutputReader("stdout", self._frames, log_tail)),
            Intake(trainer.stderr, OutputReader("stderr", self._frames, log_tail)),
        ]
        reports = os.open(self._runtime.reports, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)  # so that it never ends
        with selectors.DefaultSelector() as selector:
            selector.register(trainer, selectors.EVENT_READ, trainer.read_reports)
            selector.register(reports, selectors.EVENT_READ, lambda: self._read_reports(reports))
            selector.register(self._stop, selectors.EVENT_READ, self._stop.clear_wake)
            for output in outputs:
                selector.register(output.fd, selectors.EVENT_READ, partial(self._read_output, selector, output))
            while not trainer.is_gone:
                self._take_turn(selector, outputs)
                self._enforce_stop(trainer)
        for output in outputs:
            self._take_rest(output)
        self._read_reports(reports)
        os.close(reports)
        self._frames.flush()
        return self._conclude(trainer)

    def _take_turn(self, selector: selectors.BaseSelector, outputs: Sequence[Intake]) -> None:
        has_more = any(output.has_more for output in outputs)
        for key, _ in selector.select(0 if has_more else self._seconds_to_next_deadline()):
            key.data()
        if self._backlog_bytes() >= MAX_BACKLOG_BYTES:
            time.sleep(_BACKLOG_LOOK_SECONDS)  # the trainer will wait at its pipe
        else:
            for output in outputs:
                output.take()
        self._frames.flush()

    def _read_output(self, selector: selectors.BaseSelector, output: Intake) -> None:
        self._watchdog.saw_output()
        output.read()
        if output.is_at_end:
            selector.unregister(output.fd)

    def _take_rest(self, output: Intake) -> None:
        output.read()
        while output.has_more:
            output.take()
            self._frames.flush()
            output.read()
        output.finish()

    def _seconds_to_next_deadline(self) -> float | None:
        deadlines = [at for at in (self._kill_at, self._killed_at) if at is not None]
        if self._stop.reason is None:
            deadlines.append(self._watchdog.next_look_at())
        return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None

    def _read_reports(self, fd: int) -> None:
        *lines, self._unread_report = (self._unread_report + read_some(fd)).split(b"\n")
        for line in lines:
            self._take_report(line)

    def _take_report(self, line: bytes) -> None:
        self._watchdog.saw_step()
        match parse_report(line):
            case TrainBegin(step=step, max_steps=max_steps, phase=work):
                self._training.has_begun = self._watchdog.is_stepping = True
                self._step, self._work = step, work
                self._turn_to(work, step=step, max_steps=max_steps)
                self._frames.say(f"{work.capitalize()} begins at step {step} of {max_steps}")
            case MetricReport() as report:
                self._take_metric(report)
            case Save(step=step, path=path):
                self._sealer.seal_soon(step, path)
            case Phase(phase=phase):
                self._training.phase = phase
                self._turn_to(phase)
            case Alive(step=step):
                self._take_step(step)
            case TrainEnd(step=step, stopped=stopped):
                self._watchdog.is_stepping = False
                self._training.has_ended = not stopped
                self._turn_to("saving")
                how = "stopped as asked" if stopped else "ended"
                self._frames.say(f"{self._work.capitalize()} {how} at step {step}")
            case Tracker(name=name, run=run, url=url):
                self._frames.say(f"{name} shows this run as {run}" + (f": {url}" if url else ""))
            case TrackerLost(name=name, message=message):
                self._training.tracker_troubles.append(f"{name} was lost on the way ({message}).")
                self._frames.say(f"{name} is lost, the training goes on without it ({message})")
            case None:
                self._frames.say("A report of the plugin was damaged and is left out")

    def _turn_to(self, phase: PhaseName, *, step: int | None = None, max_steps: int | None = None) -> None:
        self._frames.write(lambda stamp: PhaseFrame(**stamp, phase=phase, step=step, max_steps=max_steps))
        if not self._training.has_begun:
            self._frames.say(f"Trainer: {phase}")

    def _take_step(self, step: int) -> None:
        if step > self._step:
            self._step = step
            self._frames.write(lambda stamp: Step(**stamp, step=step))

    def _take_metric(self, report: MetricReport) -> None:
        self._step = max(self._step, report.step)
        if "loss" in report.values:
            self._training.last_non_finite = report.non_finite.get("loss")
        self._frames.write(
            lambda stamp: Metric(
                **stamp,
                step=report.step,
                max_steps=report.max_steps,
                epoch=report.epoch,
                values=report.values,
                non_finite=report.non_finite,
            )
        )

    def _enforce_stop(self, trainer: TrainerProcess) -> None:
        now = time.monotonic()
        if self._stop.reason is None and (overdue := self._watchdog.due()):
            self._frames.say(ENDINGS[overdue].sentence)
            self._stop.ask(overdue)
        if self._killed_at is not None:
            if now >= self._killed_at:
                trainer.kill_from_here()
        elif self._is_to_be_killed(now):
            trainer.kill()
            self._kill_at, self._killed_at = None, now + GUARD_PATIENCE_SECONDS
        elif self._stop.reason and self._kill_at is None:
            self._runtime.control.touch()
            self._kill_at = now + self._order.stop_grace_seconds

    def _is_to_be_killed(self, now: float) -> bool:
        if self._stop.is_abandoned or (self._kill_at is not None and now >= self._kill_at):
            return True
        return self._stop.reason is not None and not self._training.has_begun

    def _conclude(self, trainer: TrainerProcess) -> Training:
        training = self._training
        training.stop_reason = self._stop.reason
        training.lease_expired, training.guard_lost = trainer.has_expired, trainer.is_guard_lost
        if trainer.wait_status is not None:
            code = os.waitstatus_to_exitcode(trainer.wait_status)
            training.exit_code, training.signal = (code, None) if code >= 0 else (None, -code)
        return training
