"""Closed loops of clients: each sends its next request when it has the answer to the last one."""

import select
import time
from dataclasses import dataclass, field

from bench.connection import Answer, Connection
from bench.processes import ServerProcess


@dataclass(slots=True)
class Load:
    """What came of some rounds of load on one server."""

    milliseconds: list[float] = field(default_factory=list)  # each request's
    per_second: list[float] = field(default_factory=list)  # each round's
    cpu_milliseconds: list[float] = field(
        default_factory=list
    )  # of the server's processor time a request, each round's

    def add(self, milliseconds: list[float], seconds: float, cpu_seconds: float) -> None:
        """Add a round."""
        self.milliseconds += milliseconds
        self.per_second.append(len(milliseconds) / seconds)
        self.cpu_milliseconds.append(cpu_seconds * 1000 / len(milliseconds))


def load_in_turns(
    servers: list[tuple[ServerProcess, bytes]], *, clients: int, rounds: int, requests: int
) -> list[Load]:
    """Load each server with its request, one server after the other, for some rounds, and return what came of each.

    Whoever is first goes last in the next round: what a server still has to do after its round slows the one behind it.
    """
    loads = [Load() for _ in servers]
    pairs = list(zip(loads, servers, strict=True))
    for turn in range(rounds + 1):
        for load, (server, request) in pairs if turn % 2 else reversed(pairs):
            cpu, started = server.cpu_seconds(), time.perf_counter()
            milliseconds = _round(server.port, request, clients, requests)
            if turn > 0:  # the first warms up
                load.add(milliseconds, time.perf_counter() - started, server.cpu_seconds() - cpu)
    return loads


def _round(port: int, request: bytes, clients: int, requests: int) -> list[float]:
    """Return how long each of `requests` took, in milliseconds. Raises `RuntimeError` for an answer but a 201."""
    poll = select.epoll()
    connections = {connection.fileno(): connection for connection in (Connection(port) for _ in range(clients))}
    sent_at: dict[int, float] = {}
    took: list[float] = []
    for fd, connection in connections.items():
        poll.register(fd, select.EPOLLIN)
        sent_at[fd] = time.perf_counter()
        connection.send(request)
    unsent = requests - clients
    while len(took) < requests:
        for fd, _ in poll.poll(30):
            answer = connections[fd].receive()
            if answer is None:
                continue
            _check(answer)
            took.append((time.perf_counter() - sent_at[fd]) * 1000)
            if unsent > 0:
                unsent -= 1
                sent_at[fd] = time.perf_counter()
                connections[fd].send(request)
    for connection in connections.values():
        connection.close()
    poll.close()
    return took


def _check(answer: Answer) -> None:
    if answer.status != 201:
        raise RuntimeError(f"{answer.status}: {answer.body.decode(errors='replace')}")
