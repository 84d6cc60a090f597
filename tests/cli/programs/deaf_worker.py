"""Stands in for a worker that does not stop when it is asked to; else as `standin_worker.py`."""

import runpy
import signal
from pathlib import Path

signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal = lambda *_: None
runpy.run_path(str(Path(__file__).with_name("standin_worker.py")))
