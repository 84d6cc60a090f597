"""Prints a million lines as fast as it can."""

import sys

import standin

standin.begin(1)
block = "".join(f"line {number} of a thousand, and it goes on for a while\n" for number in range(1000))
for _ in range(1000):
    sys.stdout.write(block)
sys.stdout.flush()
standin.end(1)
