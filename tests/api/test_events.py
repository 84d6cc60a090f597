"""What the world is told: after the commit, in order, and also to whom was away."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from tests.api.control_plane import ControlPlane
from tests.api.databases import on_both_databases
from tests.api.standin_worker import StandInWorker
from tests.waiting import wait_for

from axo_contracts import redis_names
from axo_contracts.events import JobEvent, decode_event

WHOLE_LIFE = ["axo.job.queued.v1", "axo.job.starting.v1", "axo.job.started.v1", "axo.job.completed.v1"]


def decode(text: bytes) -> JobEvent | None:
    """Return the event of a job's move; None for another."""
    event = decode_event(text)
    return event if isinstance(event, JobEvent) and event.event is not None else None


def next_moves(next_message: Callable[[], bytes], count: int) -> list[JobEvent]:
    moves: list[JobEvent] = []
    while len(moves) < count:
        if event := decode(next_message()):
            moves.append(event)
    return moves


@on_both_databases
def test_a_listener_hears_of_each_move_of_a_job(plane: ControlPlane, worker: StandInWorker) -> None:
    with worker.listening_to(redis_names.EVENTS) as next_message:
        job_id = plane.submit(name="heard")
        worker.run_next().finishes()
        events = next_moves(next_message, len(WHOLE_LIFE))

    assert [event.type for event in events] == WHOLE_LIFE
    assert {(event.job, event.name) for event in events} == {(job_id, "heard")}
    assert events[-1].reason == "completed"
    assert events[-1].links["job"] == f"/v1/jobs/{job_id}"


def test_an_event_is_told_only_of_what_can_be_read_already(plane: ControlPlane, worker: StandInWorker) -> None:
    with worker.listening_to(redis_names.EVENTS) as next_message:
        job_id = plane.submit()
        run = worker.run_next()
        run.finishes()
        for event in next_moves(next_message, len(WHOLE_LIFE)):
            assert (event.status, event.attempt, event.reason) in plane.moves(job_id)
            assert any(b'"event":%d,' % (event.event or 0) in line for line in plane.journal(job_id))


def test_a_listener_that_was_away_finds_what_it_missed(plane: ControlPlane, worker: StandInWorker) -> None:
    job_id = plane.submit()
    worker.run_next().finishes()
    plane.wait_for_status(job_id, "succeeded")

    missed = wait_for(lambda: _logged(worker, job_id, 4), "four events in the log")

    assert [event.type for event in missed] == WHOLE_LIFE


def test_events_of_the_time_when_redis_was_down_come_later_in_order(plane: ControlPlane, worker: StandInWorker) -> None:
    plane.redis_server.kill()
    ids = [plane.submit() for _ in range(3)]
    for job_id in ids:
        plane.http.post(f"/v1/jobs/{job_id}/cancel").raise_for_status()
    plane.redis_server.start()

    events = wait_for(lambda: _all_logged(worker, 6), "six events in the log")

    places = [tuple(map(int, event.id.split("-"))) for event in events]
    assert places == sorted(set(places))
    assert [event.job for event in events] == [*ids, *ids]
    assert [event.status for event in events] == ["queued"] * 3 + ["cancelled"] * 3


@on_both_databases
def test_a_crash_between_commit_and_telling_hides_nothing(plane: ControlPlane, worker: StandInWorker) -> None:
    job_id = plane.submit()
    plane.http.post(f"/v1/jobs/{job_id}/cancel").raise_for_status()

    plane.restart()

    events = wait_for(lambda: _logged(worker, job_id, 2), "two events in the log")
    told = list(dict.fromkeys(event.type for event in events))
    assert told == ["axo.job.queued.v1", "axo.job.cancelled.v1"]
    wait_for(lambda: plane.journal(job_id)[-1:] and b'"end"' in plane.journal(job_id)[-1], "the end of the journal")
    types = [msgspec.json.decode(line)["type"] for line in plane.journal(job_id)]
    assert types == ["status", "status", "end"]


def _logged(worker: StandInWorker, job_id: str, least: int) -> Sequence[JobEvent] | None:
    events = [event for event in _all_logged(worker, 0) or () if event.job == job_id]
    return events if len(events) >= least else None


def _all_logged(worker: StandInWorker, least: int) -> Sequence[JobEvent] | None:
    entries: Any = worker.redis.xrange(redis_names.EVENTS_LOG)
    moves = [event for _, fields in entries if (event := decode(fields[b"event"]))]
    return moves if len(moves) >= least else None
