"""From a line on the trainer's output to a follower over SSE, at 20 lines/s, beside a file and `tail -f`."""

import os
import re
import select
import socket
import time
from pathlib import Path
from statistics import median

from bench.figures import Figure, Target, p99
from bench.processes import running
from bench.stack import stack

LINES = 600  # half a minute
LARGEST_MEDIAN_MS = 2.0
LARGEST_P99_MS = 10.0
_LINE = re.compile(rb"at=(\d+)[\n\"]")


def run(folder: Path) -> list[Figure]:
    """Follow one trainer that writes a line to its output and one to a file, in turns."""
    with stack(folder) as service:
        job_id, job = service.submit()
        job.started()
        service.wait_until_begun(job_id)
        with (
            _streaming(service.port, job_id) as stream,
            running(["tail", "-n", "0", "-f", str(job.folder / "lines")]) as tail,
        ):
            assert tail.stdout
            followed, tailed = _read_both(stream.fileno(), tail.stdout.fileno())
        service.cancel(job_id)
        service.wait_for_end(job_id)
    target = Target(
        f"{LARGEST_MEDIAN_MS:g} ms, p99 {LARGEST_P99_MS:g} ms",
        median(followed) <= LARGEST_MEDIAN_MS and p99(followed) <= LARGEST_P99_MS,
    )
    return [Figure.of("log line to follower", followed, "tail -f", tailed, target=target)]


def _streaming(port: int, job_id: str) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    connection.sendall(f"GET /v1/jobs/{job_id}/stream?events=log HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
    return connection


def _read_both(stream: int, tail: int) -> tuple[list[float], list[float]]:
    """Return how old each line was when it came, in milliseconds, over the stream and from `tail`."""
    ages: dict[int, list[float]] = {stream: [], tail: []}
    rest = {stream: b"", tail: b""}
    began = time.monotonic_ns()
    while min(map(len, ages.values())) < LINES:
        for descriptor in select.select([stream, tail], [], [], 5)[0]:
            received = os.read(descriptor, 65536)
            now = time.monotonic_ns()
            if not received:
                raise ConnectionError("a follower was cut off")
            whole, end, rest[descriptor] = (rest[descriptor] + received).rpartition(b"\n")
            written = [int(at) for at in _LINE.findall(whole + end)]
            ages[descriptor] += [(now - at) / 1e6 for at in written if at > began]  # not what was there before
    return ages[stream], ages[tail]
