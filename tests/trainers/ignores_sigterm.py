"""Ignores every signal that can be ignored, and has a child that does too."""

import os
import signal
import time

import standin

for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
os.fork()
standin.begin(1_000_000)
print("training", flush=True)
while True:
    time.sleep(3600)
