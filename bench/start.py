"""From the order (`POST /v1/jobs`, with an idle worker) to the trainer's first instruction, beside fork and exec."""

import time
from pathlib import Path

from bench.figures import Figure
from bench.run import BareRun, Deaths, parent_of
from bench.stack import Stack, stack

ROUNDS = 25


def run(folder: Path) -> list[Figure]:
    """Start the stand-in by an order, and by itself, in turns."""
    ordered, bare = [], []
    with stack(folder) as service:
        _start_by_order(service)  # the first warms up
        for number in range(ROUNDS):
            bare.append(_start_bare(folder / f"bare-{number}"))
            ordered.append(_start_by_order(service))
    return [Figure.of("order to trainer started", ordered, "fork and exec", bare)]


def _start_by_order(service: Stack) -> float:
    began = time.monotonic_ns()
    job_id, job = service.submit()
    started_at, _, guard = job.started()
    horse = Deaths([parent_of(guard)])
    service.cancel(job_id)
    horse.wait()  # the worker is idle again only then
    return (started_at - began) / 1e6


def _start_bare(folder: Path) -> float:
    began = time.monotonic_ns()
    run = BareRun(folder)
    milliseconds = (run.started()[0] - began) / 1e6
    run.end()
    return milliseconds
