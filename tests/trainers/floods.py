"""Trains `max_steps` steps of half a second, prints fifty thousand lines in each, and tells how long it took in all."""

import sys
import time
from pathlib import Path

import standin

last = standin.config()["max_steps"]
block = "".join(f"line {number} of a thousand, and it goes on for a while\n" for number in range(1000))
standin.begin(last)
began = time.monotonic()
for step in range(1, last + 1):
    time.sleep(0.5)
    for _ in range(50):
        sys.stdout.write(block)
    sys.stdout.flush()
    standin.metric(step, last, loss=1 / step)
Path("elapsed").write_text(str(time.monotonic() - began))
standin.save_checkpoint(last)
standin.end(last)
