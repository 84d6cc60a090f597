"""Has a grandchild in a session of its own whose parent has left: no group, session or parent leads to it."""

import os
import signal
import time

import standin

if os.fork() == 0:
    os.setsid()
    if os.fork() != 0:
        os._exit(0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
else:
    os.wait()
    standin.begin(1_000_000)
    print("training", flush=True)
while True:
    time.sleep(3600)
