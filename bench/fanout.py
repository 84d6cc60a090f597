"""Many followers: one job's 200 lines/s to 1,000 of them, and 200 jobs with five each, beside a bare loop of sends."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from threading import Thread

import msgspec

from axo_cli.demo.stack import free_port
from axo_cli.embedded.home import Home
from bench.connection import ask, post
from bench.control_plane import control_plane
from bench.figures import Figure, Target, p99
from bench.processes import ServerProcess, running
from bench.speaker import Speaker
from bench.spec import make_spec

FOLLOWERS = 1000
STOPPED = 50
LINES_A_TURN = 4  # every 20 ms: 200 lines/s
JOBS = 200
TURNS = 10  # each of the jobs says a line every 200 ms
SECONDS = 8
SETTLE_SECONDS = 2.0
SPEAK_SECONDS = SETTLE_SECONDS + SECONDS + 0.5
LEAST_PER_SECOND = 150_000.0
LARGEST_P99_MS = 250.0
LARGEST_FOLLOWER_KIB = 64.0
LIMIT = "bare sends"
_PROGRAMS = Path(__file__).parent / "programs"


class Counted(msgspec.Struct):
    """What the followers counted, by themselves or on the server's side."""

    per_second: list[float]
    milliseconds: list[float]
    cpu_seconds: float
    server_cpu_seconds: float = 0.0
    kib_a_follower: float = 0.0

    @property
    def cpu_a_thousand(self) -> float:
        """Return the server's processor time for a thousand lines, in milliseconds."""
        return self.server_cpu_seconds * 1e6 / sum(self.per_second)


@dataclass(frozen=True, slots=True)
class Shape:
    """How many followers each path has, and how its lines come."""

    paths: int
    each: int
    turns: int
    lines: int
    stopped: int = 0


CROWD = Shape(paths=1, each=FOLLOWERS, turns=1, lines=LINES_A_TURN)
CROWD_WITH_STOPPED = Shape(paths=1, each=FOLLOWERS, turns=1, lines=LINES_A_TURN, stopped=STOPPED)
MANY_JOBS = Shape(paths=JOBS, each=FOLLOWERS // JOBS, turns=TURNS, lines=1)


def run(folder: Path) -> list[Figure]:
    """Follow by the thousand."""
    database_url = f"sqlite:///{folder / 'axo.db'}"
    with control_plane(folder, database_url) as api:
        spec = msgspec.json.encode(make_spec(api.url, folder))

        def measure(shape: Shape) -> Counted:
            job_ids = [_submit(api.port, spec) for _ in range(shape.paths)]
            speaker = Speaker(Home(folder).redis_url, database_url, job_ids)
            speak = lambda: speaker.speak(SPEAK_SECONDS, turns=shape.turns, lines=shape.lines)  # noqa: E731
            return _count(api, shape, [f"/v1/jobs/{job_id}/stream?events=log" for job_id in job_ids], speak)

        found = [(_bare(shape), measure(shape)) for shape in (CROWD, CROWD_WITH_STOPPED, MANY_JOBS)]
    return _figures(*found)


def _figures(
    crowd: tuple[Counted, Counted], with_stopped: tuple[Counted, Counted], many: tuple[Counted, Counted]
) -> list[Figure]:
    rate = median(crowd[1].per_second)
    memory = crowd[1].kib_a_follower
    return [
        Figure.of(
            f"lines to {FOLLOWERS:,} followers of a job",
            crowd[1].per_second,
            LIMIT,
            crowd[0].per_second,
            unit="/s",
            target=Target(f"≥ {LEAST_PER_SECOND:,.0f}/s", rate >= LEAST_PER_SECOND),
        ),
        _age("  a line's age", *crowd),
        _cpu("  server's CPU for 1,000 lines", *crowd),
        Figure.of(
            "  memory a follower",
            [memory],
            LIMIT,
            [crowd[0].kib_a_follower],
            unit="KiB",
            target=Target(f"≤ {LARGEST_FOLLOWER_KIB:g} KiB", memory <= LARGEST_FOLLOWER_KIB),
        ),
        _age(f"  its age, {STOPPED} of them read nothing", crowd[1], with_stopped[1], limit="all read"),
        _cpu("  server's CPU for 1,000 lines", crowd[1], with_stopped[1], limit="all read"),
        _age(f"a line's age, {JOBS} jobs with {FOLLOWERS // JOBS} followers", *many),
        _cpu("  server's CPU for 1,000 lines", *many),
    ]


def _age(name: str, limit_counted: Counted, counted: Counted, limit: str = LIMIT) -> Figure:
    target = Target(f"p99 ≤ {LARGEST_P99_MS:g} ms", p99(counted.milliseconds) <= LARGEST_P99_MS)
    return Figure.of(name, counted.milliseconds, limit, limit_counted.milliseconds, target=target)


def _cpu(name: str, limit_counted: Counted, counted: Counted, limit: str = LIMIT) -> Figure:
    return Figure.of(name, [counted.cpu_a_thousand], limit, [limit_counted.cpu_a_thousand])


def _bare(shape: Shape) -> Counted:
    """Count what a loop of sends on bare sockets does for the same followers, all of which read."""
    port = free_port()
    command = [str(_PROGRAMS / "broadcast.py"), str(port), str(shape.paths), str(shape.lines)]
    with running([sys.executable, *command]) as process:
        server = ServerProcess(process, port)
        time.sleep(SETTLE_SECONDS)
        return _count(server, shape, [f"/{number}" for number in range(shape.paths)], lambda: None)


def _count(server: ServerProcess, shape: Shape, paths: Sequence[str], speak: Callable[[], None]) -> Counted:
    """Return what followers of these paths counted while `speak` had them told something."""
    memory = server.memory_bytes()
    with _followers(server.port, shape, paths) as followers:
        assert followers.stdin
        assert followers.stdout
        followers.stdout.readline()
        grown = server.memory_bytes() - memory
        speaking = Thread(target=speak)
        speaking.start()
        time.sleep(SETTLE_SECONDS)
        cpu = server.cpu_seconds()
        followers.stdin.write(b"go\n")
        followers.stdin.flush()
        counted = msgspec.json.decode(followers.stdout.readline(), type=Counted)
        cpu = server.cpu_seconds() - cpu
        speaking.join()
    counted.server_cpu_seconds = cpu
    counted.kib_a_follower = grown / 1024 / (shape.paths * shape.each)
    return counted


@contextmanager
def _followers(port: int, shape: Shape, paths: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    numbers = [str(number) for number in (port, shape.each, shape.stopped, SECONDS)]
    with subprocess.Popen(
        [sys.executable, str(_PROGRAMS / "followers.py"), *numbers, *paths],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        yield process


def _submit(port: int, spec: bytes) -> str:
    job_id: str = msgspec.json.decode(ask(port, post("/v1/jobs", spec)).body)["id"]
    return job_id
