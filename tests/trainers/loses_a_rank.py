"""A launcher with two ranks, one of which is killed; the other waits for it for ever, and so does the launcher."""

import os
import signal
import time

import standin

rank = os.fork()
if rank == 0:
    os.kill(os.getpid(), signal.SIGKILL)
standin.begin(100)
standin.metric(1, 100, loss=1.0)
standin.metric(2, 100, loss=0.5)
os.waitpid(rank, 0)
while True:
    print("rank 1 is gone; waiting in all_reduce", flush=True)
    time.sleep(0.2)
