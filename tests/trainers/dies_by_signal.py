"""Kills itself in the middle of its training."""

import os
import signal

import standin

standin.begin(10)
print("about to die", flush=True)
os.kill(os.getpid(), signal.SIGSEGV)
