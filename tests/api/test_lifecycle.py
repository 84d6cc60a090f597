"""What may follow what in a job's life: by the rules alone, and by the commands on a database."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Row, create_engine, select
from tests.api.standin_worker import MOMENT, worker_state
from tests.api_process import SPEC

from axo_api.control.applying import Recorded, apply_all
from axo_api.control.ordering import place
from axo_api.control.placement import Place
from axo_api.errors import ApiError
from axo_api.jobs import commands, service
from axo_api.jobs.ending import AttemptEnd, end_attempt
from axo_api.settings import Settings
from axo_api.tables import job_events, jobs, metadata
from axo_contracts.frames import AttemptStarted
from axo_contracts.jobs import TrainSpec
from axo_contracts.lifecycle import (
    ENDINGS,
    MAX_LOSSES,
    MOVES,
    ON_A_WORKER,
    TERMINAL,
    EndReason,
    JobStatus,
    status_after,
)

reasons = st.sampled_from(EndReason)
losses = st.integers(1, 2 * MAX_LOSSES)
ASKED_FOR = {
    EndReason.CANCELLED: JobStatus.CANCELLING,
    EndReason.PAUSED: JobStatus.PAUSING,
    EndReason.CHAIN_BROKEN: JobStatus.QUEUED,  # so no attempt ends by it
}


def test_every_status_and_every_reason_has_its_rules() -> None:
    assert MOVES.keys() == set(JobStatus)
    assert ENDINGS.keys() == set(EndReason)


def test_what_is_terminal_is_never_left_and_nothing_else_is_a_dead_end() -> None:
    assert {status for status, nexts in MOVES.items() if not nexts} == TERMINAL


@given(reasons, losses, st.booleans())
def test_what_is_being_cancelled_ends_as_cancelled(reason: EndReason, count: int, has_remedy: bool) -> None:
    assert status_after(JobStatus.CANCELLING, reason, losses=count, has_remedy=has_remedy) is JobStatus.CANCELLED


@given(st.sampled_from(sorted(ON_A_WORKER)), reasons, losses, st.booleans())
def test_an_attempt_that_ends_leads_only_where_a_job_may_go(
    current: JobStatus, reason: EndReason, count: int, has_remedy: bool
) -> None:
    if current is not JobStatus.CANCELLING and ASKED_FOR.get(reason, current) is not current:
        return
    assert status_after(current, reason, losses=count, has_remedy=has_remedy) in MOVES[current]


@given(st.sampled_from([JobStatus.STARTING, JobStatus.RUNNING]), losses)
def test_losses_are_tried_again_up_to_a_limit(current: JobStatus, count: int) -> None:
    after = status_after(current, EndReason.WORKER_LOST, losses=count)

    assert after is (JobStatus.FAILED if count >= MAX_LOSSES else JobStatus.QUEUED)


@given(losses)
def test_a_preempted_job_is_tried_again_whatever_it_lost_before(count: int) -> None:
    assert status_after(JobStatus.RUNNING, EndReason.PREEMPTED, losses=count) is JobStatus.QUEUED


Step = Callable[[Connection, str], object]
WORKER = Place(worker_state("gpu-host-1"), ())


def _start(connection: Connection, job_id: str) -> None:
    attempt = _row(connection, job_id).attempt
    frame = AttemptStarted(attempt=attempt, seq=1, time=MOMENT, worker="gpu-host-1", gpus=())
    apply_all(connection, [Recorded(job_id, [frame], 1)])


def _end(reason: EndReason) -> Step:
    def end(connection: Connection, job_id: str) -> None:
        row = _row(connection, job_id)
        if ASKED_FOR.get(reason, row.status) == row.status:
            end_attempt(connection, job_id, row.attempt, AttemptEnd(reason, ""), at=MOMENT)

    return end


STEPS: dict[str, Step] = {
    "cancel": lambda connection, job_id: commands.cancel(connection, job_id, owner="local"),
    "pause": lambda connection, job_id: commands.pause(connection, job_id, owner="local"),
    "resume": lambda connection, job_id: commands.resume(connection, job_id, owner="local"),
    "place": lambda connection, job_id: place(connection, job_id, WORKER, Settings()),
    "start": _start,
    **{f"end: {reason}": _end(reason) for reason in EndReason},
}


@given(st.lists(st.sampled_from(list(STEPS)), max_size=25))
def test_whatever_is_done_to_a_job_it_moves_by_the_rules_and_says_so(steps: list[str]) -> None:
    with _database() as connection:
        job_id = _submit(connection)
        for step in steps:
            before = _row(connection, job_id)
            try:
                STEPS[step](connection, job_id)
            except ApiError as error:
                assert error.status == 409, error  # noqa: PT017 (most steps raise nothing)
            after = _row(connection, job_id)

            assert after.status == before.status or after.status in MOVES[JobStatus(before.status)], step
            assert after.attempt in {before.attempt, before.attempt + 1}
            assert (after.ended_at is not None) == (after.status in TERMINAL)

        told = connection.execute(select(job_events.c.status).order_by(job_events.c.id)).scalars().all()
        assert told[0] == JobStatus.QUEUED
        assert told[-1] == _row(connection, job_id).status
        assert all(to in MOVES[JobStatus(was)] for was, to in pairwise(told))


@contextmanager
def _database() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def _submit(connection: Connection) -> str:
    submission = service.Submission.of(TrainSpec.model_validate(SPEC), owner="local")
    return str(service.submit_all(connection, [submission])[0]["id"])


def _row(connection: Connection, job_id: str) -> Row[Any]:
    return connection.execute(select(jobs).where(jobs.c.id == job_id)).one()
