"""Makes two steps, then hangs as a launcher does whose rank has died: it lives, and says nothing of use."""

import time

import standin

standin.begin(100)
standin.metric(1, 100, loss=1.0)
standin.metric(2, 100, loss=0.5)
while True:
    print("waiting for the other ranks", flush=True)
    time.sleep(0.2)
