"""What `GET /v1/workers` shows of a host: what it is doing, and what is wrong with it."""

from typing import Any

from msgspec import structs
from tests.api.control_plane import ControlPlane
from tests.api.standin_worker import StandInWorker
from tests.waiting import wait_for

from axo_contracts.readings import GpuLoad, GpuProcess, GpuTrouble, HostLoad

BUSY = GpuLoad(
    index=0,
    utilization_percent=97.5,
    memory_used_bytes=60 * 2**30,
    memory_total_bytes=80 * 2**30,
    power_watts=650.0,
    temperature_celsius=71.0,
    throttled=("power_cap",),
    ecc_corrected=3,
    ecc_uncorrected=0,
    processes=(GpuProcess(pid=4711, memory_bytes=59 * 2**30), GpuProcess(pid=4712)),
)
HOST = HostLoad(
    cpu_percent=12.5,
    memory_used_bytes=2**34,
    memory_total_bytes=2**36,
    disk_free_bytes=2**40,
    disk_total_bytes=2**41,
)
FELL_OFF = GpuTrouble(index=1, kind="xid", message="GPU 1 fell off the bus (Xid 79).", takes_no_work=True)
HOT = GpuTrouble(index=0, kind="throttled", message="GPU 0 is slowed down (power_cap).")


def shown(plane: ControlPlane, **state: Any) -> dict[str, Any]:
    """Return how a host with two GPUs is shown whose heartbeat says `state` too."""
    worker = StandInWorker(plane.redis_server.url, gpus=2)
    worker.state = structs.replace(worker.state, **state)
    worker.start()
    try:
        return wait_for(lambda: _of(plane, worker.id), "the worker to be seen")
    finally:
        worker.vanish()


def _of(plane: ControlPlane, worker_id: str) -> dict[str, Any] | None:
    return next((worker for worker in plane.get("/v1/workers")["data"] if worker["id"] == worker_id), None)


def test_what_a_host_and_its_gpus_do_is_shown_and_what_cannot_be_read_is_null(plane: ControlPlane) -> None:
    worker = shown(plane, gpu_loads=(BUSY,), host_load=HOST)

    busy, unread = worker["gpus"]
    assert busy["load"] == {
        "utilization_percent": 97.5,
        "memory_used_bytes": 60 * 2**30,
        "memory_total_bytes": 80 * 2**30,
        "power_watts": 650.0,
        "temperature_celsius": 71.0,
        "throttled": ["power_cap"],
        "ecc_corrected": 3,
        "ecc_uncorrected": 0,
        "processes": [{"pid": 4711, "memory_bytes": 59 * 2**30}, {"pid": 4712, "memory_bytes": None}],
    }
    assert unread["load"] is None
    assert worker["host_load"] == structs.asdict(HOST)
    assert worker["trouble"] is None


def test_what_is_wrong_with_gpus_is_shown_beside_each_and_as_the_hosts_trouble(plane: ControlPlane) -> None:
    worker = shown(plane, gpu_troubles=(HOT, FELL_OFF))

    assert worker["trouble"] == f"{HOT.message} {FELL_OFF.message}"
    assert [gpu["troubles"] for gpu in worker["gpus"]] == [[HOT.message], [FELL_OFF.message]]
    assert [gpu["takes_work"] for gpu in worker["gpus"]] == [True, False]


def test_why_a_host_takes_no_work_comes_before_what_is_wrong_with_its_gpus(plane: ControlPlane) -> None:
    worker = shown(plane, trouble="The trainer's Python is missing.", gpu_troubles=(HOT,))

    assert worker["trouble"] == "The trainer's Python is missing."
    assert worker["gpus"][0]["troubles"] == [HOT.message]
