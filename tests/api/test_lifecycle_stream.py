"""The lifecycle of all jobs as one stream: no gap and no repeat, whatever a follower reconnects to."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import httpx
import pytest
from sqlalchemy import create_engine, insert
from tests.api.conftest import StartControlPlane
from tests.api.control_plane import ControlPlane
from tests.api.databases import keyed_on_both_databases, on_both_databases
from tests.api.keyed_plane import KeyedPlane
from tests.api.standin_worker import StandInWorker
from tests.postgres import PostgresServer

from axo_api.clock import now
from axo_api.migrations import upgrade
from axo_api.tables import job_events

WHOLE_LIFE = ["axo.job.queued.v1", "axo.job.starting.v1", "axo.job.started.v1", "axo.job.completed.v1"]


@on_both_databases
def test_a_follower_sees_each_move_of_each_job_from_now_on(plane: ControlPlane, worker: StandInWorker) -> None:
    before = plane.submit()
    worker.run_next().finishes()
    plane.wait_for_status(before, "succeeded")

    with _following(plane.http) as events:
        job_id = plane.submit(name="seen")
        worker.run_next().finishes()
        seen = list(islice(events, len(WHOLE_LIFE)))

    assert [event["type"] for event in seen] == WHOLE_LIFE
    assert {(event["job"], event["name"]) for event in seen} == {(job_id, "seen")}
    assert [event["event"] for event in seen] == [one["id"] for one in plane.get(f"/v1/jobs/{job_id}/events")["data"]]


@on_both_databases
def test_a_follower_that_drops_after_each_event_misses_and_repeats_nothing(plane: ControlPlane) -> None:
    start = _position(plane.http)
    made = [plane.submit() for _ in range(5)]
    for job_id in made:
        plane.http.post(f"/v1/jobs/{job_id}/cancel").raise_for_status()

    seen: list[dict[str, Any]] = []
    while len(seen) < 2 * len(made):
        with _following(plane.http, last_id=seen[-1]["id"] if seen else start) as events:
            seen.append(next(events))

    assert [(event["status"], event["job"]) for event in seen] == [
        *[("queued", job_id) for job_id in made],
        *[("cancelled", job_id) for job_id in made],
    ]


@on_both_databases
def test_a_follower_goes_on_after_a_crash_of_the_service(plane: ControlPlane) -> None:
    start = _position(plane.http)
    before = plane.submit()

    plane.restart()
    with _following(plane.http, last_id=start) as events:
        first = next(events)
        after = plane.submit()
        second = next(events)

    assert [first["job"], second["job"]] == [before, after]


def test_a_number_that_is_committed_late_is_waited_for(
    start_control_plane: StartControlPlane, postgres: PostgresServer
) -> None:
    url = postgres.new_database()
    upgrade(url)
    plane = start_control_plane(url)
    late = plane.submit()
    start = _position(plane.http)
    engine = create_engine(url)

    with _following(plane.http, last_id=start) as events:
        with engine.begin() as connection:
            row = {"job_id": late, "time": now(), "status": "paused", "attempt": 0, "message": ""}
            connection.execute(insert(job_events), row)
            overtaking = plane.submit()
            with _following(plane.http, last_id=0) as others:
                assert [event["status"] for event in islice(others, 1)] == ["queued"]
        seen = list(islice(events, 2))
    engine.dispose()

    assert [(event["job"], event["status"]) for event in seen] == [(late, "paused"), (overtaking, "queued")]


def test_a_number_that_was_taken_for_nothing_holds_nobody_up(
    start_control_plane: StartControlPlane, postgres: PostgresServer
) -> None:
    url = postgres.new_database()
    upgrade(url)
    plane = start_control_plane(url)
    engine = create_engine(url)

    with _following(plane.http) as events:
        with engine.connect() as connection:
            job_id = plane.submit()
            row = {"job_id": job_id, "time": now(), "status": "paused", "attempt": 0, "message": ""}
            connection.execute(insert(job_events), row)
            connection.rollback()
        second = plane.submit()
        seen = list(islice(events, 2))
    engine.dispose()

    assert [event["job"] for event in seen] == [job_id, second]
    assert seen[1]["event"] > seen[0]["event"] + 1


def test_each_of_two_processes_tells_what_the_other_records(
    start_control_plane: StartControlPlane, postgres: PostgresServer
) -> None:
    url = postgres.new_database()
    upgrade(url)
    first, second = start_control_plane(url), start_control_plane(url)

    with _following(first.http) as of_first, _following(second.http) as of_second:
        made = [(first, second)[number % 2].submit() for number in range(6)]
        seen = [list(islice(events, len(made))) for events in (of_first, of_second)]

    assert seen[0] == seen[1]
    assert sorted(event["job"] for event in seen[0]) == sorted(made)


@keyed_on_both_databases
def test_an_owner_follows_own_jobs_and_an_admin_all_or_whose_it_says(keyed: KeyedPlane) -> None:
    mine, theirs = keyed.caller(), keyed.caller()
    start = _position(keyed.http)
    ids = [theirs.submit(), mine.submit(), theirs.submit(), mine.submit()]

    followed = {
        "mine": _jobs_behind(mine.http, start, 2),
        "theirs": _jobs_behind(theirs.http, start, 2),
        "admin": [job_id for job_id in _jobs_behind(keyed.http, start, 4) if job_id in ids],
        "of mine": _jobs_behind(keyed.http, start, 2, owner=mine.owner),
    }

    assert followed == {"mine": ids[1::2], "theirs": ids[0::2], "admin": ids, "of mine": ids[1::2]}
    refused = mine.http.get("/v1/stream", params={"owner": theirs.owner})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "insufficient_scope")


def test_only_what_is_asked_for_is_sent(plane: ControlPlane) -> None:
    start = _position(plane.http)
    plane.submit(metadata={"team": "other"})
    wanted = plane.submit(metadata={"team": "red", "run": "7"})
    for command in ("pause", "resume", "cancel"):
        plane.http.post(f"/v1/jobs/{wanted}/{command}").raise_for_status()

    of_team = _behind(plane.http, start, 4, **{"metadata[team]": "red"})
    by_type = _behind(plane.http, start, 2, events="axo.job.resumed.v1, axo.job.cancelled.v1")
    by_status = _behind(plane.http, start, 3, status=["queued"])

    assert {event["job"] for event in of_team} == {wanted}
    assert [event["status"] for event in of_team] == ["queued", "paused", "queued", "cancelled"]
    assert [event["type"] for event in by_type] == ["axo.job.resumed.v1", "axo.job.cancelled.v1"]
    assert [event["status"] for event in by_status] == ["queued", "queued", "queued"]


@pytest.mark.parametrize(
    ("query", "param"),
    [({"events": "axo.job.cancelled"}, "events"), ({"after": "-1"}, "after"), ({"after": "abc"}, "after")],
)
def test_what_the_stream_does_not_have_is_refused(plane: ControlPlane, query: dict[str, str], param: str) -> None:
    answer = plane.http.get("/v1/stream", params=query)

    assert answer.status_code == 422
    assert answer.json()["error"]["param"] == param


def test_an_id_from_the_future_goes_on_with_what_comes(plane: ControlPlane) -> None:
    with _following(plane.http, last_id=10**15) as events:
        job_id = plane.submit()

        assert next(events)["job"] == job_id


def test_a_shutdown_ends_the_stream_cleanly(start_control_plane: StartControlPlane) -> None:
    plane = start_control_plane()

    with _following(plane.http) as events:
        job_id = plane.submit()
        assert next(events)["job"] == job_id
        plane.stop()

        assert list(events) == []

    assert "ERROR" not in plane.output.read_text()


@contextmanager
def _following(http: httpx.Client, last_id: int | None = None, **params: Any) -> Iterator[Iterator[dict[str, Any]]]:
    """Yield the events of a stream that has begun: its first line, an id, has come."""
    headers = {} if last_id is None else {"Last-Event-ID": str(last_id)}
    with http.stream("GET", "/v1/stream", headers=headers, params=params) as answer:
        assert answer.status_code == 200, answer.read()
        lines = answer.iter_lines()
        assert next(lines).startswith("id: ")
        yield (json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: "))


def _position(http: httpx.Client) -> int:
    """Return the id that a stream begins with now."""
    with http.stream("GET", "/v1/stream") as answer:
        return int(next(answer.iter_lines()).removeprefix("id: "))


def _behind(http: httpx.Client, start: int, count: int, **params: Any) -> list[dict[str, Any]]:
    with _following(http, last_id=start, **params) as events:
        return list(islice(events, count))


def _jobs_behind(http: httpx.Client, start: int, count: int, **params: Any) -> list[str]:
    return [event["job"] for event in _behind(http, start, count, **params)]
