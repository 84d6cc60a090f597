"""Which driver this host's GPUs have."""

from dataclasses import dataclass

from axo_worker.telemetry.amd import Amd
from axo_worker.telemetry.driver import Driver, NoDriver, NoGpus
from axo_worker.telemetry.nvidia import Nvidia

CPU_ONLY = "The GPUs are left alone, as AXO_CPU_ONLY says."


@dataclass(frozen=True, slots=True)
class Found:
    """A driver; and where it has no GPUs, why none is seen, in one sentence."""

    driver: Driver
    note: str | None


def find_driver(*, cpu_only: bool = False) -> Found:
    """Return the driver of the first make that has a GPU here; a host has GPUs of one make."""
    if cpu_only:
        return Found(NoGpus(), CPU_ONLY)
    reasons = []
    for make in (Nvidia, Amd):
        try:
            driver: Driver = make()
        except NoDriver as error:
            reasons.append(str(error))
            continue
        if driver.gpus():
            return Found(driver, None)
        reasons.append(f"{make.__name__}'s driver shows none")
    return Found(NoGpus(), f"No GPU is seen: {'; '.join(reasons)}.")
