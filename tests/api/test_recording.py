"""From a run's frames to the journal and the database: each once and in order, however they arrive."""

import random

import msgspec
import pytest
from sqlalchemy import NullPool, create_engine, func, select, update
from tests.api.control_plane import ControlPlane
from tests.api.databases import on_both_databases
from tests.api.standin_worker import Run, StandInWorker
from tests.waiting import wait_for

from axo_api.tables import job_events
from axo_contracts import redis_names
from axo_contracts.ids import JOB, new_id
from axo_contracts.lifecycle import EndReason

NOBODYS = new_id(JOB)


@on_both_databases
def test_a_run_is_recorded_from_its_start_to_its_end(plane: ControlPlane, worker: StandInWorker) -> None:
    job_id = plane.submit()
    run = worker.run_next()
    assert plane.wait_for_status(job_id, "running")["worker"] == worker.id

    for step in (1, 2, 3):
        run.trains(step)
    run.saves(3)
    run.logs(2)
    run.finishes()

    job = plane.wait_for_status(job_id, "succeeded")
    assert job["progress"]["step"] == 3
    assert job["progress"]["first_loss"] == 1
    assert job["result"] == {"attempt": 1, "path": f"jobs/{job_id}/attempts/1/outputs"}
    assert plane.moves(job_id) == [
        ("queued", 0, None),
        ("starting", 1, None),
        ("running", 1, None),
        ("succeeded", 1, "completed"),
    ]
    assert plane.said(job_id, 1) == run.lines
    wait_for(lambda: plane.journal(job_id)[-1].startswith(b'{"type":"end"'), "the end of the journal")
    assert plane.steps(job_id) == [1, 2, 3]


@on_both_databases
def test_frames_that_come_three_times_out_of_order_and_with_gaps_are_journaled_once(
    plane: ControlPlane, worker: StandInWorker
) -> None:
    job_id = plane.submit()
    run = worker.run_next()
    run.logs(30)
    run.trains(1)
    run.logs(28)

    pieces = [(first, first + length) for first in range(2, 60, 7) for length in (0, 3, 9)] * 3
    random.Random(5).shuffle(pieces)
    for first, last in pieces:
        run.send(first, last)
    run.finishes()

    plane.wait_for_status(job_id, "succeeded")
    assert plane.said(job_id, 1) == run.lines
    assert plane.steps(job_id) == [1]


def test_frames_of_an_older_attempt_are_refused_but_acknowledged(plane: ControlPlane, worker: StandInWorker) -> None:
    job_id = plane.submit()
    old = worker.run_next()
    worker.lose(old)
    new = worker.claim(worker.take_order(seconds=20))
    new.starts()
    new.deliver()
    before = list(plane.said(job_id, 1))

    old.logs(5)
    old.trains(7)
    old.ends(EndReason.COMPLETED)
    old.deliver()
    new.finishes()

    assert plane.wait_for_status(job_id, "succeeded")["attempt"] == 2
    assert plane.said(job_id, 1) == before
    assert plane.said(job_id, 2) == new.lines
    assert plane.steps(job_id) == []


def test_frames_of_a_job_that_nobody_knows_are_refused_but_acknowledged(
    plane: ControlPlane, worker: StandInWorker
) -> None:
    plane.submit()
    run = worker.run_next()
    stranger = Run(worker.redis, msgspec.structs.replace(run.order, job_id=NOBODYS), run.lease)
    stranger.logs(3)

    stranger.deliver()
    run.finishes()

    assert not (plane.storage_root / "jobs" / NOBODYS).exists()


@pytest.mark.parametrize("_try", range(2))
@on_both_databases
def test_kills_between_any_two_batches_lose_and_double_nothing(
    plane: ControlPlane, worker: StandInWorker, _try: int
) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    choose = random.Random(seed)
    job_id = plane.submit()
    run = worker.run_next()

    for step in range(1, 5):
        run.logs(choose.randrange(200))
        run.trains(step)
        if choose.random() < 0.3:
            run.saves(step)
        if step == 4:
            run.ends()
        _send_in_pieces(run, choose)
        wait_for(lambda: run.acknowledged() >= choose.randrange(len(run.lines)), "some of it to be on disk")
        plane.restart()
    run.deliver()
    run.release()

    job = plane.wait_for_status(job_id, "succeeded")
    assert job["attempt"] == 1
    assert plane.said(job_id, 1) == run.lines
    assert plane.steps(job_id) == [1, 2, 3, 4]
    assert [status for status, _, _ in plane.moves(job_id)] == ["queued", "starting", "running", "succeeded"]
    whole = ["queued", "starting", "running", "succeeded"]
    wait_for(lambda: _told_in_the_journal(plane, job_id) == whole, "the journal to tell the whole life")


@on_both_databases
def test_moves_that_are_journaled_but_not_known_to_be_are_not_journaled_again(
    plane: ControlPlane, worker: StandInWorker
) -> None:
    job_id = plane.submit()
    worker.run_next().finishes()
    plane.wait_for_status(job_id, "succeeded")
    wait_for(lambda: plane.journal(job_id)[-1].startswith(b'{"type":"end"'), "the end of the journal")
    before = plane.journal(job_id)
    engine = create_engine(plane.database_url, poolclass=NullPool)

    plane.kill()
    with engine.begin() as connection:
        connection.execute(update(job_events).where(job_events.c.job_id == job_id).values(journaled=False))
    plane.start()

    known = select(func.count()).where(job_events.c.job_id == job_id, job_events.c.journaled)
    with engine.connect() as connection:
        wait_for(lambda: connection.execute(known).scalar_one() == len(plane.moves(job_id)), "the moves to be known")
    assert plane.journal(job_id) == before


@on_both_databases
def test_a_flushed_redis_costs_nothing(plane: ControlPlane, worker: StandInWorker) -> None:
    job_id = plane.submit()
    run = worker.run_next()
    run.logs(50)
    run.deliver()

    run.logs(100)
    run.send(52)
    worker.redis.flushall()
    run.trains(1)
    run.deliver()
    worker.redis.flushall()
    run.finishes()

    assert plane.wait_for_status(job_id, "succeeded")["attempt"] == 1
    assert plane.said(job_id, 1) == run.lines


def test_a_redis_that_comes_back_empty_costs_nothing(plane: ControlPlane, worker: StandInWorker) -> None:
    job_id = plane.submit()
    run = worker.run_next()
    run.logs(10)
    run.deliver()
    waiting = plane.submit(name="waits")

    plane.redis_server.kill()
    run.logs(10)
    plane.redis_server.start()
    run.finishes()

    assert plane.wait_for_status(job_id, "succeeded")["attempt"] == 1
    assert plane.said(job_id, 1) == run.lines
    worker.run_next().finishes()
    assert plane.wait_for_status(waiting, "succeeded")["attempt"] == 1


UNREADABLE = {
    "no JSON": b"rubbish",
    "nothing": b"",
    "JSON that ends early": b'{"type":"metric","attempt":1,"seq":2',
    "a metric without its step": b'{"type":"metric","attempt":1,"seq":2,"time":"2026-01-02T03:04:05Z"}',
    "a type of the future": b'{"type":"dream","attempt":1,"seq":2,"time":"2026-01-02T03:04:05Z"}',
    "another frame's number": b'{"type":"log","attempt":1,"seq":9,"time":"2026-01-02T03:04:05Z","text":""}',
}


@pytest.mark.parametrize("line", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_frame_that_cannot_be_read_is_replaced_by_a_line_that_says_so(
    plane: ControlPlane, worker: StandInWorker, line: bytes
) -> None:
    job_id = plane.submit()
    run = worker.run_next()

    run.lines.append(line)
    run.trains(1)
    run.finishes()

    assert plane.wait_for_status(job_id, "succeeded")["progress"]["step"] == 1
    said = plane.said(job_id, 1)
    assert [said[0], *said[2:]] == [run.lines[0], *run.lines[2:]]
    assert b"cannot read" in said[1]
    assert b'"seq":2,' in said[1]


MALFORMED = {
    "has no frames": {"first": 2},
    "does not say which is the first": {"frames": b"{}"},
    "counts in words": {"first": "two", "frames": b"{}"},
}


@pytest.mark.parametrize("malformed", MALFORMED.values(), ids=MALFORMED.keys())
def test_an_entry_that_is_malformed_holds_up_nobody(
    plane: ControlPlane, worker: StandInWorker, malformed: dict[str, bytes]
) -> None:
    job_id = plane.submit()
    run = worker.run_next()

    run.send_entry(malformed)
    run.finishes()

    plane.wait_for_status(job_id, "succeeded")
    wait_for(lambda: not worker.redis.xlen(redis_names.FRAMES), "the stream to be empty")


@on_both_databases
def test_what_the_database_cannot_hold_stays_in_the_journal(plane: ControlPlane, worker: StandInWorker) -> None:
    job_id = plane.submit()
    run = worker.run_next()

    run.trains(2**80)
    run.trains(5)
    run.ends(EndReason.TRAINER_CRASHED, message="the trainer said \x00")
    run.deliver()
    run.release()

    job = plane.wait_for_status(job_id, "failed")
    assert job["progress"]["step"] == 5
    assert job["error"]["message"] == "the trainer said \ufffd"
    assert plane.said(job_id, 1) == run.lines


def _send_in_pieces(run: Run, choose: random.Random) -> None:
    first = run.acknowledged() + 1
    while first <= len(run.lines):
        last = min(len(run.lines), first + choose.randrange(40))
        run.send(first, last)
        first = last + 1


def _told_in_the_journal(plane: ControlPlane, job_id: str) -> list[str]:
    lines = [line for line in plane.journal(job_id) if line.startswith(b'{"type":"status"')]
    return [line.split(b'"status":"')[1].split(b'"')[0].decode() for line in lines]
