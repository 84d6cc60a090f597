"""What holds after every fault, read from the database, the journals, Redis and /proc, behind the service's back."""

import json
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import psutil
from redis import Redis
from tests.stack.client import wait_for

from axo_contracts import redis_names, storage_paths
from axo_contracts.lifecycle import MOVES, ON_A_WORKER, TERMINAL, JobStatus

SETTLED_SECONDS = 20.0
_ACTIVE = tuple(sorted(ON_A_WORKER))


class System(Protocol):
    """What the checker looks at: a cluster, or an embedded stack."""

    promised: list[str]
    settled: dict[str, int]
    stamps: Path

    @property
    def storage(self) -> Path: ...
    @property
    def worker_homes(self) -> list[Path]: ...
    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]: ...
    def broker(self) -> Redis: ...
    def trainers(self) -> list[psutil.Process]: ...
    def stream(self, job_id: str) -> list[dict[str, Any]]: ...


def check(system: System) -> None:
    """Raise `AssertionError` when a promise is broken. Waits until what is on its way has come.

    Jobs that had ended when they were last checked are in `settled` with their journal's size; it must be as it was.
    """
    _every_promise_is_one_job(system)
    histories = {job_id: _history(system, job_id) for job_id in system.promised}
    for job_id, history in histories.items():
        _moves_are_allowed(job_id, history)
    _slots_add_up(system)
    _nothing_is_left_in_redis(system)
    for job_id in system.promised:
        if job_id in system.settled:
            size = len(journal_of(system, job_id))
            assert size == system.settled[job_id], f"the journal of {job_id} changed after its end"
            continue
        _journal_is_whole(system, job_id)
        _one_attempt_at_a_time(system, job_id)
        if is_ended(system, job_id):
            system.settled[job_id] = len(journal_of(system, job_id))


def stamps_of(system: System, job_id: str) -> dict[int, list[tuple[int, float]]]:
    """Return when the job's trainers said that they train, by attempt: the process, and its monotonic clock."""
    found: dict[int, list[tuple[int, float]]] = defaultdict(list)
    lines = system.stamps.read_text().splitlines() if system.stamps.exists() else []
    for line in lines:
        run, pid, at = line.split()
        job, _, attempt = run.partition("/")
        if job == job_id:
            found[int(attempt)].append((int(pid), float(at)))
    return found


def journal_of(system: System, job_id: str) -> bytes:
    """Return what a job's journal holds."""
    path = system.storage / storage_paths.journal(job_id)
    return path.read_bytes() if path.exists() else b""


def is_ended(system: System, job_id: str) -> bool:
    return system.rows("SELECT status FROM jobs WHERE id = ?", job_id)[0][0] in TERMINAL


def spools(system: System) -> list[str]:
    """Return the runs of which a worker still keeps the files, because not all that they said is known yet."""
    return [path.name for home in system.worker_homes for path in home.glob("runs/*")]


def _every_promise_is_one_job(system: System) -> None:
    known = [row[0] for row in system.rows("SELECT id FROM jobs")]
    missing = set(system.promised) - set(known)
    assert not missing, f"these jobs were promised with a 201, and are not there: {missing}"
    strange = set(known) - set(system.promised)
    assert not strange, f"these jobs are there, and nobody was told of them: {strange}"


def _history(system: System, job_id: str) -> list[tuple[JobStatus, int]]:
    rows = system.rows("SELECT status, attempt FROM job_events WHERE job_id = ? ORDER BY id", job_id)
    history = [(JobStatus(status), attempt) for status, attempt in rows]
    (status, attempt) = system.rows("SELECT status, attempt FROM jobs WHERE id = ?", job_id)[0]
    assert history[-1] == (status, attempt), f"{job_id} is {status}, and its last event says {history[-1]}"
    return history


def _moves_are_allowed(job_id: str, history: Sequence[tuple[JobStatus, int]]) -> None:
    """A terminal status allows no move, so this also says that none ever changed."""
    assert history[0] == (JobStatus.QUEUED, 0), f"{job_id} began as {history[0]}"
    for (earlier, attempt), (later, next_attempt) in pairwise(history):
        assert later in MOVES[earlier], f"{job_id} moved from {earlier} to {later}: {history}"
        expected = attempt + (later is JobStatus.STARTING)
        assert next_attempt == expected, f"{job_id} went from attempt {attempt} to {next_attempt}: {history}"


def _slots_add_up(system: System) -> None:
    """As many process trees live as the database has attempts on workers; a slot is free when its tree is gone."""

    def look() -> bool:
        marks = ",".join("?" * len(_ACTIVE))
        active = system.rows(f"SELECT id, attempt FROM jobs WHERE status IN ({marks})", *_ACTIVE)
        return {f"{job}/{attempt}" for job, attempt in active} == _living_runs(system)

    wait_for(look, lambda: f"trees and slots to match; alive: {_living_runs(system)}", SETTLED_SECONDS)


def _living_runs(system: System) -> set[str]:
    found = set()
    for process in system.trainers():
        try:
            found.add(process.environ()["AXO_RUN"])
        except (psutil.Error, KeyError):
            continue
    return found


def _nothing_is_left_in_redis(system: System) -> None:
    ended = [job_id for job_id in system.promised if is_ended(system, job_id)]
    with system.broker() as redis:
        wait_for(
            lambda: not any(redis.exists(redis_names.lease(job_id)) for job_id in ended),
            lambda: "the leases of ended jobs to be gone",
            SETTLED_SECONDS,
        )
        if len(ended) == len(system.promised):
            _wait_until_idle(system, redis)


def _wait_until_idle(system: System, redis: Redis) -> None:
    wait_for(lambda: redis.xlen(redis_names.FRAMES) == 0, lambda: "every frame to be taken from Redis", SETTLED_SECONDS)
    wait_for(lambda: not spools(system), lambda: f"the spools to go: {spools(system)}", 40)


def _journal_is_whole(system: System, job_id: str) -> None:
    if is_ended(system, job_id):
        wait_for(lambda: _types(journal_of(system, job_id))[-1:] == ["end"], lambda: f"the end of {job_id}", 10)
    content = journal_of(system, job_id)
    assert not content or content.endswith(b"\n"), f"the journal of {job_id} ends within a line"
    frames = [json.loads(line) for line in content.splitlines()]
    _is_gapless(job_id, frames)
    _tells_the_history(system, job_id, frames)
    if frames and frames[-1]["type"] == "end":
        assert system.stream(job_id) == frames, f"the stream of {job_id} is not its record"


def _is_gapless(job_id: str, frames: Sequence[dict[str, Any]]) -> None:
    """Each attempt's frames are 1, 2, 3 …, and those of a later attempt come behind."""
    newest = (0, 0)
    for frame in frames:
        if "seq" not in frame:
            continue
        attempt, seq = frame["attempt"], frame["seq"]
        follows = seq == newest[1] + 1 if attempt == newest[0] else attempt > newest[0] and seq == 1
        assert follows, f"in the journal of {job_id}, frame {(attempt, seq)} comes behind {newest}"
        newest = (attempt, seq)


def _tells_the_history(system: System, job_id: str, frames: Sequence[dict[str, Any]]) -> None:
    told = [(frame["event"], frame["status"]) for frame in frames if frame["type"] == "status"]
    recorded = system.rows("SELECT id, status FROM job_events WHERE job_id = ? ORDER BY id", job_id)
    assert told == recorded[: len(told)], f"the journal of {job_id} tells {told}, and {recorded} happened"
    ends = [frame for frame in frames if frame["type"] == "end"]
    assert len(ends) <= 1, f"{job_id} ended {len(ends)} times"
    assert not ends or frames[-1] is ends[0] or frames[-1] == ends[0], f"something follows the end of {job_id}"


def _types(content: bytes) -> list[str]:
    return [json.loads(line)["type"] for line in content.splitlines()[-1:]]


def _one_attempt_at_a_time(system: System, job_id: str) -> None:
    """By what the trainers noted themselves, and by what the record says of each attempt's start and end."""
    spans = sorted(
        (attempt, min(at for _, at in stamps), max(at for _, at in stamps), len({pid for pid, _ in stamps}))
        for attempt, stamps in stamps_of(system, job_id).items()
    )
    for attempt, _, _, processes in spans:
        assert processes == 1, f"{processes} processes trained attempt {attempt} of {job_id}"
    for (earlier, _, last, _), (later, first, _, _) in pairwise(spans):
        assert last <= first, f"attempt {earlier} of {job_id} trained on for {last - first:.2f} s beside {later}"
    _record_has_one_at_a_time(system, job_id)


def _record_has_one_at_a_time(system: System, job_id: str) -> None:
    going: int | None = None
    for line in journal_of(system, job_id).splitlines():
        frame = json.loads(line)
        if frame["type"] == "attempt_started":
            assert going is None or going < frame["attempt"], f"attempt {frame['attempt']} of {job_id} began twice"
            going = frame["attempt"]
