"""When readings mean trouble. A new kind of it is a member of `TroubleKind`, and a rule here."""

from collections.abc import Iterable, Iterator

from axo_contracts.readings import GpuLoad, GpuTrouble
from axo_worker.telemetry.driver import Fault, GpuUnreadable

HARMFUL_THROTTLING = frozenset({"hw_slowdown", "sw_thermal", "hw_thermal", "power_brake"})
"""A power cap is how a GPU is meant to run."""

THROTTLED_READINGS = 3  # in a row, before it is told
RESTED_READINGS = 30  # in a row without, before it is taken back

XIDS = {
    48: "a double bit ECC error",
    62: "its microcontroller halted",
    63: "a memory row was remapped, which a reset completes",
    64: "a memory row could not be remapped",
    74: "an NVLink error",
    79: "it has fallen off the bus",
    92: "many single bit ECC errors",
    94: "a contained memory error",
    95: "an uncontained memory error",
    119: "its firmware (GSP) does not answer",
    120: "an error of its firmware (GSP)",
    140: "an unrecovered memory error",
}
"""NVIDIA's codes that mean the hardware. The others are mostly a program's own doing (13, 31, 43, 45 …)."""

OUT_OF_SERVICE = frozenset({48, 62, 64, 79, 95, 119, 120, 140})
"""Those after which the GPU needs a reset before it can compute again."""

AFTER_MENDING = "It is given no work until this worker is started again."


class Judge:
    """Remembers what the readings of a host's GPUs were, and what is wrong with each."""

    def __init__(self) -> None:
        self._standing: dict[tuple[int, str], GpuTrouble] = {}
        self._heard: set[Fault] = set()
        self._ecc_at_first: dict[int, int] = {}
        self._throttled_for: dict[int, int] = {}
        self._rested_for: dict[int, int] = {}

    @property
    def standing(self) -> tuple[GpuTrouble, ...]:
        """What is wrong now, by GPU."""
        return tuple(self._standing[key] for key in sorted(self._standing))

    def hear(self, faults: Iterable[Fault]) -> list[GpuTrouble]:
        """Take in what the driver reported, and return what is new in it, once a code: they come in storms.

        What is a program's own doing does not stand.
        """
        new = [fault for fault in dict.fromkeys(faults) if fault not in self._heard]
        self._heard.update(new)
        for fault in new:
            if fault.code in XIDS:
                self._standing[fault.index, f"xid {fault.code}"] = _of_fault(fault)
        return [_of_fault(fault) for fault in new]

    def see(self, load: GpuLoad) -> list[GpuTrouble]:
        """Take in a reading, and return what is newly wrong."""
        self._standing.pop((load.index, "lost"), None)
        return [trouble for trouble in (*self._ecc(load), *self._throttling(load)) if self._is_new(trouble)]

    def miss(self, index: int, error: GpuUnreadable) -> list[GpuTrouble]:
        """Take in that a GPU could not be read, and return what is newly wrong."""
        trouble = GpuTrouble(
            index=index,
            kind="lost",
            message=f"GPU {index} cannot be read: {error}.",
            takes_no_work=error.is_lost,
        )
        return [trouble] if self._is_new(trouble) else []

    def _is_new(self, trouble: GpuTrouble) -> bool:
        key = trouble.index, trouble.kind
        is_new = key not in self._standing
        self._standing[key] = trouble
        return is_new

    def _ecc(self, load: GpuLoad) -> Iterator[GpuTrouble]:
        if load.ecc_uncorrected is None:
            return
        grown = load.ecc_uncorrected - self._ecc_at_first.setdefault(load.index, load.ecc_uncorrected)
        if grown > 0:
            message = f"GPU {load.index} had {grown} uncorrected memory errors (ECC); a reset of it is due."
            yield GpuTrouble(index=load.index, kind="ecc", message=message)

    def _throttling(self, load: GpuLoad) -> Iterator[GpuTrouble]:
        harmful = sorted(HARMFUL_THROTTLING.intersection(load.throttled))
        self._throttled_for[load.index] = self._throttled_for.get(load.index, 0) + 1 if harmful else 0
        self._rested_for[load.index] = 0 if harmful else self._rested_for.get(load.index, 0) + 1
        if self._rested_for[load.index] >= RESTED_READINGS:
            self._standing.pop((load.index, "throttled"), None)
        if self._throttled_for[load.index] >= THROTTLED_READINGS:
            heat = "" if load.temperature_celsius is None else f" at {load.temperature_celsius:.0f} °C"
            message = f"GPU {load.index} is slowed down{heat} ({', '.join(harmful)}); look at its cooling and power."
            yield GpuTrouble(index=load.index, kind="throttled", message=message)


def _of_fault(fault: Fault) -> GpuTrouble:
    meaning = XIDS.get(fault.code, "most often the doing of the program that ran on it")
    is_out = fault.code in OUT_OF_SERVICE
    message = f"GPU {fault.index} reported XID {fault.code}: {meaning}.{f' {AFTER_MENDING}' if is_out else ''}"
    return GpuTrouble(index=fault.index, kind="xid", message=message, takes_no_work=is_out)
