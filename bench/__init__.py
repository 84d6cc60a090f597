"""Benchmarks: each figure beside its physical limit, measured in the same run. `python -m bench [name …]`."""
