"""Trains `max_steps` steps, and prints a hundred lines in each."""

import time

import standin

last = standin.config()["max_steps"]
standin.begin(last)
for step in range(1, last + 1):
    standin.stamp()
    time.sleep(0.05)
    print("\n".join(f"step {step}, line {number}" for number in range(100)), flush=True)
    standin.metric(step, last, loss=1 / step)
standin.save_checkpoint(last)
standin.end(last)
