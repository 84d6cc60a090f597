"""Leaves as a launcher does whose trainer was killed: with exit code 137."""

import sys

import standin

standin.begin(10)
standin.metric(1, 10, loss=1.0)
sys.exit(137)
