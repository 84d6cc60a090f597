"""One host's agent: keeps its slots alive, says that it lives, ends what dead processes left, and leaves when asked."""

import fcntl
import os
import select
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import structlog

from axo_worker.caches import CacheKeeper
from axo_worker.heartbeat import Heartbeat
from axo_worker.identity import describe, remember, trouble_with_trainer
from axo_worker.kept_process import KeptProcess
from axo_worker.leftovers import Leftovers
from axo_worker.redis_connection import connect
from axo_worker.settings import Settings
from axo_worker.telemetry.finding import find_driver
from axo_worker.telemetry.watching import HostWatch

_LOOK_SECONDS = 1.0
_HELPER_LEAVES_SECONDS = 5.0
_SERVING_LEAVES_SECONDS = 5.0
_SERVING_NEEDS = {"peft", "torch", "transformers"}

log = structlog.get_logger()


class Agent:
    """Runs in the thread that calls `run`. `drain` and `stop` may be called from signal handlers."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._boot_id = os.urandom(6).hex()
        self._redis = connect(settings.redis_url, retries=1)
        self._leftovers = Leftovers(self._redis, settings.worker_home)
        self._caches = CacheKeeper(settings)
        self._found = find_driver(cpu_only=settings.cpu_only)
        self._watch = HostWatch(self._found, settings.storage_root)
        state = describe(settings, self._boot_id, self._found)
        self._heartbeat = Heartbeat(self._redis, state, settings.heartbeat_seconds, self._watch.seen_in)
        owner = str(os.getpid())
        slot = [sys.executable, "-m", "axo_worker.slot", owner, self._boot_id]
        self._slots = [KeptProcess([*slot, str(number)]) for number in range(state.capabilities.slots)]
        self._helper = KeptProcess([sys.executable, "-m", "axo_worker.helping", owner])
        self._serving = KeptProcess([sys.executable, "-m", "axo_worker.serving", owner])
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._is_draining = self._is_stopping = False

    def run(self) -> None:
        """Work until asked to leave. Raises `BlockingIOError` when another agent uses the same home."""
        lock = _lock_home(self._settings.worker_home)
        self._leftovers.kill_all()
        self._watch.start()
        self._heartbeat.start()
        state = self._heartbeat.state
        remember(state, self._settings.worker_home)
        log.info("worker started", id=state.id, slots=len(self._slots), trouble=state.trouble, gpus=self._found.note)
        while not (self._is_draining and not any(slot.is_alive() for slot in self._slots)):
            self._look_after_slots()
            self._leftovers.end_orphaned_runs()
            self._caches.look()
            self._rest()
        self._helper.end(_HELPER_LEAVES_SECONDS)
        self._serving.end(_SERVING_LEAVES_SECONDS)
        self._heartbeat.close()
        os.close(lock)

    def drain(self) -> None:
        """Take no more orders, and leave when the running ones are done. The second time, do as `stop`."""
        if self._is_draining:
            self.stop()
        self._is_draining = True
        os.eventfd_write(self._wake, 1)

    def stop(self) -> None:
        """Have the running trainers save a checkpoint and end, and leave."""
        self._is_draining = self._is_stopping = True
        os.eventfd_write(self._wake, 1)

    def _rest(self) -> None:
        if select.select([self._wake], [], [], _LOOK_SECONDS)[0]:
            os.eventfd_read(self._wake)

    def _look_after_slots(self) -> None:
        if self._is_draining:
            for slot in self._slots:
                slot.ask_to_leave(signal.SIGINT if self._is_stopping else signal.SIGTERM)
            self._serving.ask_to_leave(signal.SIGTERM)
            self._tell(state="draining")
        elif trouble := trouble_with_trainer(self._settings):
            self._tell(trouble=trouble)
        else:
            for slot in self._slots:
                slot.start_if_dead()
            if self._settings.has_helper:
                self._helper.start_if_dead()
            if self._settings.serving and self._heartbeat.state.capabilities.packages.keys() >= _SERVING_NEEDS:
                self._serving.start_if_dead()
            if self._heartbeat.state.trouble:
                state = describe(self._settings, self._boot_id, self._found)
                remember(state, self._settings.worker_home)
                self._heartbeat.tell(state)

    def _tell(self, **changes: str | None) -> None:
        state = msgspec.structs.replace(self._heartbeat.state, **changes)
        if state != self._heartbeat.state:
            self._heartbeat.tell(state)


def on_signals(agent: Agent) -> None:
    """Have SIGTERM drain the agent, and SIGINT stop it."""
    actions: dict[signal.Signals, Callable[[], None]] = {signal.SIGTERM: agent.drain, signal.SIGINT: agent.stop}
    for number, action in actions.items():
        signal.signal(number, lambda *_, action=action: action())


def _lock_home(home: Path) -> int:
    home.mkdir(parents=True, exist_ok=True)
    fd = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return fd
