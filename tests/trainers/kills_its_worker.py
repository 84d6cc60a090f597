"""Takes the process that runs it down with it, each time."""

import os
import signal
import time
from pathlib import Path

import standin


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


standin.begin(10)
guard = os.getppid()
os.kill(parent_of(guard), signal.SIGKILL)
time.sleep(60)
