"""What a worker reads of its GPUs and its host: through the ABI of NVML, with a library of ours in its place."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest
from tests.worker.rig import Rig, wait_for

from axo_contracts.frames import GpuReading, HostReading, Trouble
from axo_contracts.lifecycle import EndReason
from axo_contracts.orders import RunOrder
from axo_contracts.readings import GpuLoad, GpuTrouble
from axo_contracts.resources import WorkerState
from axo_worker.telemetry.driver import Fault, GpuUnreadable
from axo_worker.telemetry.judging import RESTED_READINGS, THROTTLED_READINGS, Judge

HERE = Path(__file__).parent
T = TypeVar("T")


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a `libnvidia-ml.so.1` whose GPUs a file describes."""
    folder = tmp_path_factory.mktemp("nvml")
    library, source = folder / "libnvidia-ml.so.1", HERE / "nvml" / "nvml_stub.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-Wall", "-o", library, source], check=True)
    return folder


class Gpus:
    """What the library says of its GPUs."""

    def __init__(self, file: Path, driver: Path) -> None:
        self._file = file
        self._said: dict[str, int] = {}
        self.settings = {"AXO_CPU_ONLY": "false", "LD_LIBRARY_PATH": str(driver), "AXO_TEST_NVML": str(file)}
        self.say()

    def say(self, **values: int) -> None:
        self._said |= values
        changed = self._file.with_suffix(".new")
        changed.write_text("".join(f"{name} {value}\n" for name, value in self._said.items()))
        changed.replace(self._file)


@pytest.fixture
def gpus(tmp_path: Path, driver: Path) -> Gpus:
    """One GPU that is well."""
    return Gpus(tmp_path / "gpus.txt", driver)


def state_of(worker: Rig, is_so: Callable[[WorkerState], bool], what: str) -> WorkerState:
    def look() -> WorkerState | None:
        state = worker.state()
        return state if state is not None and is_so(state) else None

    return wait_for(look, what, 30)


def test_a_run_tells_of_its_gpu_and_of_its_host(worker: Rig, gpus: Gpus) -> None:
    gpus.say(utilization=87, milliwatts=650_500, celsius=64, throttling=0x4, ecc=3, pid=4711)
    worker.start("obeys_the_control_file", **gpus.settings)
    order = worker.order(gpus=(0,))

    reading = _first(worker, order, GpuReading)
    host = _first(worker, order, HostReading)
    worker.ask(order, "cancel")
    ended = worker.wait_for_end(order)

    assert (reading.index, reading.utilization_percent, reading.temperature_celsius) == (0, 87, 64)
    assert (reading.memory_used_bytes, reading.memory_total_bytes) == (10 << 30, 80 << 30)
    assert (reading.power_watts, reading.throttled) == (650.5, ("power_cap",))
    assert (reading.ecc_corrected, reading.ecc_uncorrected) == (0, 3)
    assert [(process.pid, process.memory_bytes) for process in reading.processes] == [(4711, 1 << 30)]
    assert 0 < host.memory_used_bytes <= host.memory_total_bytes
    assert 0 < host.disk_free_bytes <= host.disk_total_bytes
    assert worker.frames(order)[-1] == ended


def test_an_xid_marks_the_worker_and_is_told_in_the_job(worker: Rig, gpus: Gpus) -> None:
    worker.start("obeys_the_control_file", **gpus.settings)
    order = worker.order(gpus=(0,))
    _first(worker, order, GpuReading)

    gpus.say(xid=79, xids=1)
    trouble = _first(worker, order, Trouble)
    state = state_of(worker, lambda state: bool(state.gpu_troubles), "the worker to be marked")
    worker.ask(order, "cancel")
    ended = worker.wait_for_end(order)

    assert (trouble.index, trouble.kind) == (0, "xid")
    assert "XID 79: it has fallen off the bus" in trouble.message
    assert trouble.message in worker.texts(order)
    assert trouble.message in ended.message
    assert ended.reason is EndReason.CANCELLED
    assert state.sick_gpus == {0}
    assert state.trouble is None


def test_a_gpu_that_is_slowed_down_goes_on_working_and_its_job_says_so(worker: Rig, gpus: Gpus) -> None:
    worker.start("obeys_the_control_file", **gpus.settings)
    order = worker.order(gpus=(0,))
    gpus.say(throttling=0x40, celsius=91)

    trouble = _first(worker, order, Trouble)
    state = state_of(worker, lambda state: bool(state.gpu_troubles), "the worker to be marked")
    worker.ask(order, "cancel")
    ended = worker.wait_for_end(order)

    assert trouble.kind == "throttled"
    assert "GPU 0 is slowed down at 91 °C (hw_thermal)" in trouble.message
    assert trouble.message in worker.texts(order)
    assert trouble.message in ended.message
    assert state.sick_gpus == frozenset()


def test_a_gpu_that_cannot_be_read_takes_no_work_until_it_can(worker: Rig, gpus: Gpus) -> None:
    gpus.say(gpus=2)
    worker.start("obeys_the_control_file", **gpus.settings)
    well = state_of(worker, lambda state: len(state.gpu_loads) == 2, "both GPUs to be read")

    gpus.say(lost=1)
    lost = state_of(worker, lambda state: state.sick_gpus == {0, 1}, "the GPUs to be lost")
    gpus.say(lost=0)
    state_of(worker, lambda state: not state.gpu_troubles and len(state.gpu_loads) == 2, "the GPUs to be back")

    assert [gpu.name for gpu in well.capabilities.gpus] == ["Stub H100", "Stub H100"]
    assert well.capabilities.driver == "NVIDIA 550.54.15 (CUDA 12.4)"
    assert [trouble.message for trouble in lost.gpu_troubles] == [
        "GPU 0 cannot be read: GPU is lost.",
        "GPU 1 cannot be read: GPU is lost.",
    ]
    assert lost.host_load is not None


def test_without_a_gpu_the_worker_says_so_and_reads_its_host(worker: Rig) -> None:
    worker.start("obeys_the_control_file", AXO_CPU_ONLY="false", LD_LIBRARY_PATH="")

    state = state_of(worker, lambda state: state.host_load is not None, "the host to be read")

    if state.capabilities.gpus:
        pytest.skip("this machine has a GPU")
    assert state.gpu_note is not None
    assert state.gpu_note.startswith("No GPU is seen: NVML does not answer (")
    assert state.gpu_note.endswith("amdsmi is not installed.")
    assert state.gpu_loads == ()


def test_an_amd_gpu_is_read_through_the_same_interface() -> None:
    program = (
        "from axo_worker.telemetry.amd import Amd; import msgspec; amd = Amd();"
        "print(msgspec.json.encode((amd.gpus(), amd.load(0), amd.version())).decode())"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(HERE / "amd")}, capture_output=True, check=True
    )

    ((gpu,), load, version) = msgspec.json.decode(done.stdout)
    assert (gpu["name"], gpu["memory_bytes"]) == ("Stub MI300X", 192 << 30)
    assert (load["utilization_percent"], load["power_watts"], load["temperature_celsius"]) == (37, 350, 71)
    assert (load["memory_used_bytes"], load["throttled"], load["ecc_uncorrected"]) == (1 << 30, ["hw_thermal"], None)
    assert version == "amdgpu 6.12.12"
    assert load["processes"] == [{"pid": 4321, "memory_bytes": 1 << 30}]


def test_throttling_is_trouble_when_it_lasts_and_over_when_it_rests() -> None:
    judge = Judge()
    hot, cool = _load(throttled=("hw_thermal",), temperature_celsius=91.0), _load(throttled=("power_cap",))

    told = [trouble for _ in range(THROTTLED_READINGS + 2) for trouble in judge.see(hot)]
    while_hot = judge.standing
    for _ in range(RESTED_READINGS - 1):
        judge.see(cool)
    while_resting = judge.standing
    judge.see(cool)

    assert [trouble.message for trouble in told] == [
        "GPU 0 is slowed down at 91 °C (hw_thermal); look at its cooling and power."
    ]
    assert while_hot == while_resting == tuple(told)
    assert judge.standing == ()


def test_uncorrected_errors_are_trouble_when_they_grow() -> None:
    judge = Judge()

    told = [judge.see(_load(ecc_uncorrected=count)) for count in (5, 5, 7)]

    assert told[:2] == [[], []]
    assert [(trouble.kind, trouble.takes_no_work) for trouble in told[2]] == [("ecc", False)]
    assert "2 uncorrected memory errors" in told[2][0].message


def test_an_xid_of_a_programs_own_doing_is_told_and_does_not_mark_the_worker() -> None:
    judge = Judge()

    told = [*judge.hear([Fault(0, 31), Fault(0, 31)]), *judge.hear([Fault(0, 31)])]

    (trouble,) = told
    assert "XID 31: most often the doing of the program" in trouble.message
    assert judge.standing == ()


def test_a_gpu_is_missed_once() -> None:
    judge = Judge()
    error = GpuUnreadable("it does not answer")

    told = [judge.miss(0, error), judge.miss(0, error)]

    trouble = GpuTrouble(index=0, kind="lost", message="GPU 0 cannot be read: it does not answer.")
    assert told == [[trouble], []]


def _load(**fields: object) -> GpuLoad:
    return msgspec.convert(
        {"index": 0, "utilization_percent": 50, "memory_used_bytes": 1, "memory_total_bytes": 2, **fields}, GpuLoad
    )


def _first(worker: Rig, order: RunOrder, kind: type[T]) -> T:
    """Return the first frame of a kind, once the run has said it."""
    return wait_for(
        lambda: next((frame for frame in worker.frames(order) if isinstance(frame, kind)), None),
        f"a frame {kind.__name__}",
        30,
    )
