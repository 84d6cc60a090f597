"""Prints a line of 200 million bytes, then an ordinary one."""

import sys

import standin

standin.begin(1)
for _ in range(200):
    sys.stdout.write("x" * 1_000_000)
print()
print("the line after", flush=True)
standin.end(1)
