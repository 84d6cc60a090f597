"""Reading a host and its GPUs once, and what is newly wrong with them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from axo_contracts.readings import GpuLoad, GpuTrouble, HostLoad
from axo_worker.telemetry.driver import Driver, GpuUnreadable
from axo_worker.telemetry.host import HostMeter
from axo_worker.telemetry.judging import Judge

EVERY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading of everything. A GPU that could not be read has no load."""

    host: HostLoad
    gpus: tuple[GpuLoad, ...]
    new_troubles: tuple[GpuTrouble, ...]
    standing_troubles: tuple[GpuTrouble, ...]


class Sampler:
    """Samples some GPUs and the host that they are in."""

    def __init__(self, driver: Driver, indexes: Iterable[int], meter: HostMeter) -> None:
        self._driver = driver
        self._indexes = tuple(indexes)
        self._meter = meter
        self._judge = Judge()

    def sample(self) -> Sample:
        """Read everything. What cannot be read is trouble, and no error."""
        loads: list[GpuLoad] = []
        troubles = self._judge.hear(fault for fault in self._driver.faults() if fault.index in self._indexes)
        troubles.extend(self._read_gpus(loads))
        return Sample(self._meter.read(), tuple(loads), tuple(troubles), self._judge.standing)

    def _read_gpus(self, loads: list[GpuLoad]) -> Iterator[GpuTrouble]:
        for index in self._indexes:
            try:
                load = self._driver.load(index)
            except GpuUnreadable as error:
                yield from self._judge.miss(index, error)
            else:
                loads.append(load)
                yield from self._judge.see(load)
