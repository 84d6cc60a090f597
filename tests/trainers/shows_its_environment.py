"""Prints the names of its environment's variables."""

import os

import standin

standin.begin(1)
for name in sorted(os.environ):
    print(f"env {name}", flush=True)
standin.end(1)
