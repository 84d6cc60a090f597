"""What bots are told of runs and workers, live and when they were away."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.api.control_plane import ControlPlane
from tests.api.databases import on_both_databases
from tests.api.standin_worker import StandInWorker
from tests.redis_server import RedisServer
from tests.waiting import wait_for

from axo_contracts import redis_names
from axo_contracts.events import EVENT_TYPES, CheckpointEvent, Event, JobEvent, MetricsEvent, decode_event
from axo_contracts.lifecycle import EndReason

StartControlPlane = Callable[..., ControlPlane]

DOCUMENTATION = Path(__file__).parent.parent.parent / "docs" / "events.md"
SCHEMAS = DOCUMENTATION.with_suffix("")


@pytest.fixture
def start_worker() -> Iterator[Callable[[str], StandInWorker]]:
    """Start a worker host for a Redis of the test's own."""
    started: list[StandInWorker] = []

    def start(redis_url: str) -> StandInWorker:
        started.append(StandInWorker(redis_url))
        started[-1].start()
        return started[-1]

    yield start
    for worker in started:
        worker.vanish()


def test_a_bot_hears_how_a_run_goes_in_order_and_always_the_last_of_it(
    start_control_plane: StartControlPlane, redis_server: RedisServer, start_worker: Callable[[str], StandInWorker]
) -> None:
    plane = start_control_plane(AXO_PROGRESS_EVENT_SECONDS="600")
    worker = start_worker(redis_server.url)
    job_id = plane.submit(name="heard")
    run = worker.run_next()
    run.turns_to("training", max_steps=1000)
    run.deliver()
    for step in (1, 2, 3):
        run.trains(step)
    run.saves(3)
    run.trains(4)
    run.finishes()

    events = wait_for(lambda: told_until(worker, job_id, "axo.job.completed.v1"), "the end of the job")

    kinds = [event.type.removeprefix("axo.").removesuffix(".v1") for event in events]
    assert kinds == [
        "job.queued",
        "job.starting",
        "job.started",
        "metrics.config",
        "job.progress",  # the first; those that follow soon behind it are left out …
        "job.checkpoint",
        "job.progress",  # … but for the last
        "metrics.progress",
        "metrics.completed",
        "job.completed",
    ]
    last = [event for event in events if event.type == "axo.job.progress.v1"][-1]
    assert last.progress is not None
    assert (last.progress.step, last.progress.max_steps, last.progress.loss) == (4, 1000, 0.25)
    assert "step 4 of 1000" in last.message
    assert {(event.job, event.owner, event.name) for event in events} == {(job_id, "local", "heard")}
    checkpoint = next(event for event in events if isinstance(event, CheckpointEvent))
    assert checkpoint.checkpoint.step == 3


def test_a_bot_that_was_away_goes_on_behind_the_last_event_that_it_saw(
    plane: ControlPlane, worker: StandInWorker
) -> None:
    with worker.listening_to(redis_names.EVENTS) as next_message:
        job_id = plane.submit()
        seen = _heard(next_message, "axo.job.queued.v1", job_id)
    run = worker.run_next()
    run.trains(1)
    run.finishes()
    wait_for(lambda: told_until(worker, job_id, "axo.job.completed.v1"), "the end of the job")

    answer: Any = worker.redis.xread({redis_names.EVENTS_LOG: seen.id})
    missed = [decode_event(fields[b"event"]) for _, fields in entries_of(answer)]

    assert [event.id for event in missed] == [entry_id.decode() for entry_id, _ in entries_of(answer)]
    everything = told(worker)
    assert missed == everything[everything.index(seen) + 1 :][: len(missed)]
    assert [event.type for event in missed if event.job == job_id][-1] == "axo.job.completed.v1"


def test_the_bot_of_the_documentation_says_what_ended_while_it_was_away(
    plane: ControlPlane, worker: StandInWorker, tmp_path: Path
) -> None:
    said = tmp_path / "said.txt"
    for name in ("first", "second"):
        with running_bot(plane.redis_server.url, said):
            job_id = plane.submit(name=f"{name}-heard")
            plane.http.post(f"/v1/jobs/{job_id}/cancel").raise_for_status()
            wait_for(partial(_has_said, said, f"{name}-heard: The job was cancelled."), "the bot to say it")
        job_id = plane.submit(name=f"{name}-missed")
        plane.http.post(f"/v1/jobs/{job_id}/cancel").raise_for_status()

    names = [line.partition(":")[0] for line in said.read_text().splitlines()]

    # one that is killed just after it said something may say it once more
    assert list(dict.fromkeys(names)) == ["first-heard", "first-missed", "second-heard"]


@contextmanager
def running_bot(redis_url: str, said: Path) -> Iterator[None]:
    """Run the bot of the documentation, which writes to `said`, until it is killed, wherever it is then."""
    program = DOCUMENTATION.read_text().partition("```python\n")[2].partition("```")[0]
    command = [sys.executable, "-c", program.replace("redis://127.0.0.1:6379/0", redis_url)]
    with said.open("ab") as output, subprocess.Popen(command, cwd=said.parent, stdout=output) as bot:
        try:
            yield
        finally:
            bot.kill()


def test_ids_only_grow_even_when_many_events_come_in_one_moment(plane: ControlPlane, worker: StandInWorker) -> None:
    for _ in range(20):
        plane.submit()

    events = wait_for(lambda: _at_least(worker, 20), "the events of 20 jobs")

    places = [tuple(map(int, event.id.split("-"))) for event in events]
    assert places == sorted(set(places))


def test_a_paused_job_that_is_resumed_is_told_as_resumed(plane: ControlPlane, worker: StandInWorker) -> None:
    job_id = plane.submit(resources={"gpus": 8})
    for command in ("pause", "resume", "cancel"):
        plane.http.post(f"/v1/jobs/{job_id}/{command}").raise_for_status()

    events = wait_for(lambda: told_until(worker, job_id, "axo.job.cancelled.v1"), "the end of the job")

    assert [event.type for event in events if isinstance(event, JobEvent)] == [
        "axo.job.queued.v1",
        "axo.job.paused.v1",
        "axo.job.resumed.v1",
        "axo.job.cancelled.v1",
    ]


def test_a_loss_that_is_nan_is_told_as_nan(plane: ControlPlane, worker: StandInWorker) -> None:
    job_id = plane.submit()
    run = worker.run_next()
    run.loses_its_loss(1)
    run.finishes(EndReason.NAN_LOSS)

    events = wait_for(lambda: told_until(worker, job_id, "axo.job.failed.v1"), "the end of the job")

    measured = next(event for event in events if isinstance(event, MetricsEvent))
    assert (measured.values, measured.non_finite) == ({"loss": None}, {"loss": "nan"})
    assert measured.message == "loss nan"
    assert events[-1].progress is not None
    assert events[-1].progress.non_finite == {"loss": "nan"}
    assert plane.job(job_id)["progress"]["non_finite"] == {"loss": "nan"}


@on_both_databases
def test_workers_are_told_of_when_they_come_drain_and_vanish(plane: ControlPlane) -> None:
    lost, drained = (StandInWorker(plane.redis_server.url, name) for name in ("gpu-host-8", "gpu-host-9"))
    lost.start()
    drained.start()
    wait_for(lambda: len(_of_workers(drained)) >= 2, "both to be told of")
    drained.state = msgspec.structs.replace(drained.state, state="draining")
    wait_for(lambda: len(_of_workers(drained)) >= 3, "one to be drained")
    lost.vanish()
    told_of = wait_for(lambda: _at_least_of_workers(drained, 4), "the other to be lost")
    drained.vanish()

    assert sorted(told_of[:2]) == [("gpu-host-8", "online"), ("gpu-host-9", "online")]
    assert told_of[2:] == [("gpu-host-9", "drained"), ("gpu-host-8", "lost")]


@on_both_databases
def test_every_event_has_the_fields_that_its_schema_says(plane: ControlPlane, worker: StandInWorker) -> None:
    job_id = plane.submit()
    run = worker.run_next()
    run.turns_to("training", max_steps=1000)
    run.trains(1)
    run.saves(1)
    run.finishes()
    events = wait_for(lambda: told_until(worker, job_id, "axo.job.completed.v1"), "the end of the job")

    assert len({event.type for event in events}) == 9
    for text in texts(worker):
        event = json.loads(text)
        schema = json.loads((SCHEMAS / f"{event['type']}.json").read_text())
        assert sorted(event) == sorted(schema["required"])
    assert {path.stem for path in SCHEMAS.glob("*.json")} == set(EVENT_TYPES)


def texts(worker: StandInWorker) -> Sequence[bytes]:
    entries: Any = worker.redis.xrange(redis_names.EVENTS_LOG)
    return [fields[b"event"] for _, fields in entries]


def told(worker: StandInWorker) -> Sequence[Event]:
    return [decode_event(text) for text in texts(worker)]


def told_until(worker: StandInWorker, job_id: str, kind: str) -> Sequence[Event] | None:
    """Return what was told of a job, once its newest event is of `kind`."""
    events = [event for event in told(worker) if event.job == job_id]
    return events if events and events[-1].type == kind else None


def entries_of(answer: Any) -> Sequence[Any]:
    found: Sequence[Any] = next(iter(answer.values())) if isinstance(answer, dict) else answer[0][1]
    return found[0] if isinstance(answer, dict) and isinstance(found[0], list) else found


def _heard(next_message: Callable[[], bytes], kind: str, job_id: str) -> Event:
    while True:
        event = decode_event(next_message())
        if (event.type, event.job) == (kind, job_id):
            return event


def _has_said(said: Path, sentence: str) -> bool:
    return sentence in said.read_text()


def _at_least(worker: StandInWorker, count: int) -> Sequence[Event] | None:
    events = told(worker)
    return events if len(events) >= count else None


def _of_workers(worker: StandInWorker) -> list[tuple[str, str]]:
    names = {"gpu-host-8", "gpu-host-9"}
    return [
        (str(event.name), event.type.split(".")[2])
        for event in told(worker)
        if event.type.startswith("axo.worker.") and event.name in names
    ]


def _at_least_of_workers(worker: StandInWorker, count: int) -> list[tuple[str, str]] | None:
    events = _of_workers(worker)
    return events if len(events) >= count else None
