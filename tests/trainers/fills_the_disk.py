"""Writes until the disk is full: a device that always is."""

from pathlib import Path

import standin

standin.begin(10)
with Path("/dev/full").open("w") as file:
    file.write("weights")
