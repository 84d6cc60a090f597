"""The demo, for real: Axolotl trains a tiny model through the whole service."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from tests.cli.stack_under_test import wait_until

from axo_cli.demo.leftovers import processes_of
from axo_cli.embedded.home import Home

TRAINER_PYTHON = os.environ.get("AXO_TRAINER_PYTHON")
pytestmark = [
    pytest.mark.trainer,
    pytest.mark.skipif(not TRAINER_PYTHON, reason="AXO_TRAINER_PYTHON names no Python with Axolotl"),
]


class Demo:
    """One `axo demo` as a child process, off any terminal."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "demo"
        self._output = folder / "output.txt"
        with self._output.open("wb") as output:
            command = [sys.executable, "-m", "axo_cli", "demo", "--home", str(self.home)]
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    def said(self) -> str:
        return self._output.read_text()


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """A demo that has just been started; nothing of it outlives the test."""
    running = Demo(tmp_path)
    yield running
    if running.process.poll() is None:
        running.process.terminate()
        running.process.wait()
    wait_until(lambda: not processes_of(Home(running.home)), "the demo's processes to be gone", 60)


def test_the_demo_learns_and_leaves_nothing_running(demo: Demo) -> None:
    code = demo.process.wait(240)

    assert code == 0, demo.said()
    _check_result(demo)


def test_the_demo_ends_well_although_its_service_is_killed(demo: Demo) -> None:
    wait_until(lambda: "step 1 of " in demo.said(), "the training to begin", 120)
    [service] = psutil.Process(demo.process.pid).children()

    service.send_signal(signal.SIGKILL)

    assert demo.process.wait(240) == 0, demo.said()
    assert "The service has died; starting it again." in demo.said()
    _check_result(demo)


def _check_result(demo: Demo) -> None:
    said = demo.said()
    loss = re.search(r"^loss +([\d.]+) → ([\d.]+) in 120 steps$", said, re.MULTILINE)
    adapter = re.search(r"^adapter +(/.+)$", said, re.MULTILINE)
    assert loss
    assert float(loss[2]) < float(loss[1]) / 2
    assert adapter
    assert (Path(adapter[1]) / "adapter_model.safetensors").is_file()
    assert "no process is left" in said
    assert processes_of(Home(demo.home)) == []
