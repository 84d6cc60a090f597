"""From `POST …/cancel` to the trainer that sees it and to its tree's death, beside touching a file and a plain kill."""

import time
from pathlib import Path

from bench.figures import Figure, Target, p99
from bench.run import BareRun, Deaths
from bench.stack import Stack, stack

ROUNDS = 25
LARGEST_P99_MS = 50.0


def run(folder: Path) -> list[Figure]:
    """Cancel jobs whose trainer obeys at once, and stop the same trainer without axo, in turns."""
    cancelled: list[tuple[float, float]] = []
    bare: list[tuple[float, float]] = []
    with stack(folder) as service:
        _cancel(service)  # the first warms up
        for number in range(ROUNDS):
            bare.append(_stop_bare(folder / f"bare-{number}"))
            cancelled.append(_cancel(service))
    (seen, dead), (bare_seen, bare_dead) = zip(*cancelled, strict=True), zip(*bare, strict=True)
    worst = p99(seen)
    target = Target(f"p99 ≤ {LARGEST_P99_MS:g} ms", worst <= LARGEST_P99_MS)
    return [
        Figure.of("cancel to trainer asked", seen, "touch the file", bare_seen, target=target),
        Figure.of("cancel to tree dead", dead, "kill", bare_dead),
    ]


def _cancel(service: Stack) -> tuple[float, float]:
    job_id, job = service.submit()
    _, *tree = job.started()
    service.wait_until_begun(job_id)
    deaths = Deaths(tree)
    began = time.monotonic_ns()
    service.cancel(job_id)
    dead_at = deaths.wait()
    service.wait_for_end(job_id)
    return (job.asked() - began) / 1e6, (dead_at - began) / 1e6


def _stop_bare(folder: Path) -> tuple[float, float]:
    run = BareRun(folder)
    run.started()
    asked_at = time.monotonic_ns()
    run.ask()
    seen = (run.asked() - asked_at) / 1e6
    run.end()
    run = BareRun(folder / "again")
    _, pid, _ = run.started()
    deaths = Deaths([pid])
    killed_at = time.monotonic_ns()
    run.end()
    return seen, (deaths.wait() - killed_at) / 1e6
