"""From the order (`POST /v1/jobs`, with an idle worker) to the trainer's first instruction, beside fork and exec."""

import time
from pathlib import Path

from bench.figures import Figure
from bench.run import BareRun
from bench.stack import stack

ROUNDS = 25


def run(folder: Path) -> list[Figure]:
    """Start the stand-in by an order, and by itself, in turns."""
    ordered, bare = [], []
    with stack(folder) as service:
        for number in range(ROUNDS):
            bare.append(_start_bare(folder / f"bare-{number}"))
            began = time.monotonic_ns()
            job_id, job = service.submit()
            ordered.append((job.started()[0] - began) / 1e6)
            service.cancel(job_id)
            service.wait_for_end(job_id)
    return [Figure.of("order to trainer started", ordered, "fork and exec", bare)]


def _start_bare(folder: Path) -> float:
    began = time.monotonic_ns()
    run = BareRun(folder)
    milliseconds = (run.started()[0] - began) / 1e6
    run.end()
    return milliseconds
