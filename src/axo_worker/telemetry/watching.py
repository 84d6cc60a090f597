"""The two who watch: a run, which says what it sees in frames, and the agent, which says it in its heartbeat."""

import threading
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Self

from msgspec import structs

from axo_contracts.frames import GpuReading, HostReading, Trouble
from axo_contracts.readings import GpuLoad, GpuTrouble
from axo_contracts.resources import WorkerState
from axo_worker.frames import FrameWriter, Stamp
from axo_worker.telemetry.finding import Found, find_driver
from axo_worker.telemetry.host import HostMeter
from axo_worker.telemetry.sampling import EVERY_SECONDS, Sample, Sampler

LEAVING_SECONDS = 2.0


class RunWatch:
    """Watches a run's GPUs and its host while it is entered. `troubles` are the sentences that it had to say."""

    def __init__(self, gpus: Iterable[int], storage_root: Path, frames: FrameWriter) -> None:
        self._gpus = tuple(gpus)
        self._storage_root = storage_root
        self._frames = frames
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="telemetry", daemon=True)
        self.troubles: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join(LEAVING_SECONDS)  # a driver may hang with its GPU

    def _watch(self) -> None:
        found = find_driver(cpu_only=not self._gpus)
        if self._gpus and found.note:
            self._frames.say(found.note)
        sampler = Sampler(found.driver, self._gpus if not found.note else (), HostMeter(self._storage_root))
        while not self._is_over.wait(EVERY_SECONDS):
            self._tell(sampler.sample())

    def _tell(self, sample: Sample) -> None:
        if self._is_over.is_set():
            return  # the attempt's last frame may have been written meanwhile
        for trouble in sample.new_troubles:
            self._tell_trouble(trouble)
        for load in sample.gpus:
            self._frames.write(partial(_gpu_reading, load))
        self._frames.send(lambda stamp: HostReading(**stamp, **structs.asdict(sample.host)))

    def _tell_trouble(self, trouble: GpuTrouble) -> None:
        self.troubles.append(trouble.message)
        self._frames.write(
            lambda stamp: Trouble(**stamp, index=trouble.index, kind=trouble.kind, message=trouble.message)
        )
        self._frames.say(trouble.message)


class HostWatch:
    """Watches all GPUs of a host, and the host itself, for as long as its process lives."""

    def __init__(self, found: Found, storage_root: Path) -> None:
        indexes = [gpu.index for gpu in found.driver.gpus()]
        self._sampler = Sampler(found.driver, indexes, HostMeter(storage_root))
        self._newest = self._sampler.sample()

    def start(self) -> None:
        """Begin to watch."""
        threading.Thread(target=self._watch, name="telemetry", daemon=True).start()

    def seen_in(self, state: WorkerState) -> WorkerState:
        """Return what a worker says, with what is seen of its hardware now."""
        return structs.replace(
            state,
            gpu_troubles=self._newest.standing_troubles,
            gpu_loads=self._newest.gpus,
            host_load=self._newest.host,
        )

    def _watch(self) -> None:
        clock = threading.Event()
        while not clock.wait(EVERY_SECONDS):
            self._newest = self._sampler.sample()


def _gpu_reading(load: GpuLoad, stamp: Stamp) -> GpuReading:
    return GpuReading(**stamp, **structs.asdict(load))
