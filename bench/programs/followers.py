"""Follows streams on one thread and counts: `followers.py PORT EACH STOPPED SECONDS PATH …`.

It opens EACH connections a path, of which STOPPED in all read no more once their stream has begun, says `ready`, and
after a line on its input counts for SECONDS what comes. It prints one JSON object: the lines of each second, how old
those of about fifty followers were when they came, and the processor time that it took. Standard library only.
"""

import json
import re
import select
import socket
import sys
import time
from collections.abc import Iterator

SAMPLED = 50
_WRITTEN_AT = re.compile(rb"at=(\d+)@")


def main() -> None:
    """Follow, wait for the word, count, report."""
    port, each, stopped, seconds = map(int, sys.argv[1:5])
    followers = [connect(port, path) for path in sys.argv[5:] for _ in range(each)]
    for follower in followers:
        while b"\r\n\r\n" not in follower.recv(65536):
            continue
    poll = select.epoll()
    for follower in followers[stopped:]:
        poll.register(follower, select.EPOLLIN)
    by_fd = {follower.fileno(): follower for follower in followers[stopped:]}
    print("ready", flush=True)
    while not select.select([sys.stdin], [], [], 0)[0]:
        for _ in read(poll, by_fd):
            continue
    json.dump(count(poll, by_fd, seconds), sys.stdout)


def connect(port: int, path: str) -> socket.socket:
    """Ask for a stream."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    connection.sendall(f"GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
    return connection


def count(poll: select.epoll, by_fd: dict[int, socket.socket], seconds: int) -> dict[str, object]:
    """Count what comes within some whole seconds."""
    sampled = {*list(by_fd)[:: max(1, len(by_fd) // SAMPLED)]}
    lines: list[int] = [0] * seconds
    milliseconds: list[float] = []
    began, cpu_began = time.monotonic(), time.process_time()
    while (second := int(time.monotonic() - began)) < seconds:
        for fd, received in read(poll, by_fd):
            lines[second] += received.count(b"@")
            if fd in sampled:
                now = time.monotonic_ns()
                milliseconds += [(now - int(at)) / 1e6 for at in _WRITTEN_AT.findall(received)]
    cpu_seconds = time.process_time() - cpu_began
    return {"per_second": lines, "milliseconds": milliseconds, "cpu_seconds": cpu_seconds}


def read(poll: select.epoll, by_fd: dict[int, socket.socket]) -> Iterator[tuple[int, bytes]]:
    """Yield what has come, each with its follower."""
    for fd, _ in poll.poll(0.1):
        received = by_fd[fd].recv(256 * 1024)
        if not received:
            raise ConnectionError("a follower was cut off")
        yield fd, received


if __name__ == "__main__":
    main()
