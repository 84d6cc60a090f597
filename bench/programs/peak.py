"""How much memory this process had at most. Standard library only: the trainer's Python runs it too."""

import re
from pathlib import Path


def megabytes() -> float:
    """Return the most that was resident since the program's start."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) / 1000
