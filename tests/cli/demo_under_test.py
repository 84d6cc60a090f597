"""One `axo demo` as a child process, and what it leaves."""

import re
import subprocess
import sys
from pathlib import Path

from tests.cli.stack_under_test import wait_until

from axo_cli.demo.leftovers import processes_of
from axo_cli.embedded.home import Home


class Demo:
    """One `axo demo`, off any terminal, which makes its home in a folder."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self._output = folder / "output.txt"
        with self._output.open("wb") as output:
            command = [sys.executable, "-m", "axo_cli", "demo", "--home", str(self.home)]
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    def said(self) -> str:
        return self._output.read_text()

    def close(self) -> None:
        """End it, and wait until nothing of it is left."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()
        wait_until(lambda: not processes_of(Home(self.home)), "the demo's processes to be gone", 60)

    def check_result(self) -> None:
        """See that it has learnt, kept its adapter, and left nothing running."""
        said = self.said()
        loss = re.search(r"^loss +([\d.]+) → ([\d.]+) in 120 steps$", said, re.MULTILINE)
        adapter = re.search(r"^adapter +(/.+)$", said, re.MULTILINE)
        assert loss
        assert float(loss[2]) < float(loss[1]) / 2
        assert adapter
        assert (Path(adapter[1]) / "adapter_model.safetensors").is_file()
        assert "no process is left" in said
        assert processes_of(Home(self.home)) == []
