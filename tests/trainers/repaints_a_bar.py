"""Repaints a progress bar a thousand times, as tqdm does."""

import sys

import standin

standin.begin(1)
for number in range(1001):
    sys.stderr.write(f"\rTokenizing:  {number // 10}%|####      | {number}/1000 [00:01<00:01, 99.9 examples/s]")
sys.stderr.write("\nafter the bar\n")
standin.end(1)
