"""Each way in which a trainer fails ends the run with its own reason, and with a sentence that says what happened."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from tests.worker.rig import Rig, wait_for

from axo_contracts.lifecycle import EndReason


class LittleMemory:
    """A control group whose processes may have 400 MB of memory together."""

    BYTES = 400_000_000

    def __init__(self, folder: Path, limit_file: str) -> None:
        self._folder = folder
        (folder / limit_file).write_text(str(self.BYTES))

    def hold(self, pid: int) -> None:
        """Put a process and all below it into the group."""
        process = psutil.Process(pid)
        for member in (process, *process.children(recursive=True)):
            (self._folder / "cgroup.procs").write_text(str(member.pid))


@pytest.fixture
def little_memory() -> Iterator[LittleMemory]:
    groups = dict(line.split(":", 2)[1:] for line in Path("/proc/self/cgroup").read_text().splitlines())
    root, limit = (
        (f"/sys/fs/cgroup/memory{groups['memory']}", "memory.limit_in_bytes")
        if "memory" in groups
        else (f"/sys/fs/cgroup{groups['']}", "memory.max")
    )
    folder = Path(root, f"axo-test-{os.getpid()}")
    try:
        folder.mkdir()
        group = LittleMemory(folder, limit)
    except OSError as error:
        with contextlib.suppress(OSError):
            folder.rmdir()
        pytest.skip(f"no control group with a limit on memory can be made here: {error}")
    yield group
    wait_for(lambda: not (folder / "cgroup.procs").read_text(), "the group's processes to end")
    folder.rmdir()


@pytest.mark.parametrize(
    ("trainer", "reason", "said"),
    [
        ("dies_by_signal", EndReason.TRAINER_CRASHED, "signal 11"),
        ("runs_out_of_gpu_memory", EndReason.OOM_GPU, "Tried to allocate 2.00 GiB"),
        ("fills_the_disk", EndReason.DISK_FULL, "No space left on device"),
        ("loses_its_loss", EndReason.NAN_LOSS, "nan"),
        ("lacks_a_tool", EndReason.TOOL_MISSING, "lm-eval cannot be used"),
        ("leaves_early", EndReason.TRAINER_CRASHED, "before its training had ended"),
        ("loses_a_tracker", EndReason.COMPLETED, "MLflow was lost on the way (MlflowException: no answer)."),
        ("cuts_its_result_short", EndReason.TRAINER_CRASHED, "adapter_model.safetensors is cut short"),
    ],
)
def test_an_end_is_told_by_its_reason(worker: Rig, trainer: str, reason: EndReason, said: str) -> None:
    worker.start(trainer)

    end = worker.wait_for_end(worker.order())

    assert end.reason is reason
    assert said in end.message


def test_a_trainer_that_the_kernel_kills_for_its_memory_is_told_from_one_that_was_just_killed(
    little_memory: LittleMemory, worker: Rig
) -> None:
    worker.start("eats_memory")
    wait_for(worker.state, "the worker's first heartbeat")
    assert worker.agent
    little_memory.hold(worker.agent.pid)

    end = worker.wait_for_end(worker.order(), 150)

    assert end.reason is EndReason.OOM_HOST
    assert "host with more memory" in end.message


def test_a_launcher_that_is_not_there_is_said_to_be_missing(worker: Rig) -> None:
    worker.start_agent(AXO_TRAINER_COMMAND='["/no/such/launcher"]')

    end = worker.wait_for_end(worker.order())

    assert (end.reason, end.exit_code) == (EndReason.TRAINER_CRASHED, 127)
    assert "No such file" in end.log_tail[-1]


def test_a_worker_without_a_trainer_says_so_and_takes_no_order(worker: Rig) -> None:
    worker.start_agent(AXO_TRAINER_PYTHON="/no/such/python")

    order = worker.order()

    state = wait_for(worker.state, "the worker to be seen")
    assert state.trouble
    assert "/no/such/python" in state.trouble
    assert not worker.frames(order)


def test_a_worker_whose_trainer_appears_begins_to_work(worker: Rig, tmp_path: Path) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    worker.start_agent(AXO_TRAINER_PYTHON=str(python))
    wait_for(lambda: (state := worker.state()) and state.trouble, "the worker to say that it has no trainer")

    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)

    wait_for(lambda: (state := worker.state()) and not state.trouble, "the trouble to pass")
