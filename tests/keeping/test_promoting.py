"""Names that stand for results and checkpoints: moved behind a gate, on record, told, and undone."""

import json
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from redis import Redis
from tests.api.control_plane import ControlPlane
from tests.api.databases import on_both_databases
from tests.api.standin_worker import StandInWorker
from tests.keeping.training import Training, evaluates, submit
from tests.waiting import wait_for

from axo_contracts import redis_names
from axo_contracts.lifecycle import EndReason

PROD = "ft:support/bot@prod"


def figures(loss: float, difference: float | None = None, error: float = 0.01) -> dict[str, Any]:
    """Return what an evaluation says of a model, and of what it has more than another."""
    compared = None if difference is None else {"loss": {"value": difference, "standard_error": error}, "score": None}
    models = [{"loss": {"value": loss, "standard_error": 0.1}, "perplexity": 2.0, "score": None}]
    return {"rows": 8, "models": models, "difference": compared}


def moves(plane: ControlPlane, **wanted: Any) -> httpx.Response:
    """Ask for a move of the name."""
    return plane.http.put(f"/v1/models/{quote(PROD, safe='')}", json=wanted)


def undoes(plane: ControlPlane) -> httpx.Response:
    """Ask to undo its last move."""
    return plane.http.post(f"/v1/models/{quote(PROD, safe='')}/undo")


def history(plane: ControlPlane) -> list[dict[str, Any]]:
    """Return its moves, newest first."""
    found: list[dict[str, Any]] = plane.get(f"/v1/models/{quote(PROD, safe='')}/history")["data"]
    return found


@pytest.fixture
def training(plane: ControlPlane, worker: StandInWorker) -> Training:
    """A training that has left a result and two checkpoints; nothing has the name."""
    plane.http.delete(f"/v1/models/{quote(PROD, safe='')}")
    training = Training(plane, worker, keep={"last": 2})
    for step in (1, 2):
        training.saves(step)
    training.ends()
    return training


@on_both_databases
def test_moves_are_on_record_are_told_and_are_undone_one_by_one(plane: ControlPlane, training: Training) -> None:
    targets = [training.name(1), training.name(2), training.model]
    for target in targets:
        moved = moves(plane, model=target)
        assert (moved.status_code, moved.json()["stands_for"]) == (200, target), moved.text
    assert moves(plane, job_id=training.id).json() == moved.json()

    undone = [undoes(plane) for _ in range(3)]

    assert [answer.status_code for answer in undone] == [200, 200, 409]
    assert [answer.json()["stands_for"] for answer in undone[:2]] == [training.name(2), training.name(1)]
    recorded = history(plane)
    stood_for = [training.name(1), training.name(2), training.model, training.name(2), training.name(1)]
    assert [move["stands_for"] for move in recorded] == stood_for
    assert [move["before"] for move in recorded] == [*stood_for[1:], None]
    assert [move["is_undo"] for move in recorded] == [True, True, False, False, False]
    assert {move["moved_by"] for move in recorded} == {"local"}
    told = wait_for(lambda: promoted(plane) if len(promoted(plane)) == 5 else None, "five events")
    assert [event["stands_for"] for event in told] == stood_for[::-1]
    assert [event["before"] for event in told] == [None, *stood_for[:0:-1]]
    assert {(event["model"], event["job"], event["moved_by"]) for event in told} == {(PROD, training.id, "local")}


def promoted(plane: ControlPlane) -> list[dict[str, Any]]:
    """Return the events of names that were moved."""
    with Redis.from_url(plane.redis_server.url) as redis:
        log: Any = redis.xrange(redis_names.EVENTS_LOG)
    told = [json.loads(fields[b"event"]) for _, fields in log]
    return [event for event in told if event["type"] == "axo.model.promoted.v1"]


def test_what_a_name_stands_for_stays_and_what_it_stood_for_before(plane: ControlPlane, training: Training) -> None:
    for step in (1, 2):
        moves(plane, job_id=training.id, step=step).raise_for_status()

    refused = [plane.http.delete(f"/v1/jobs/{training.id}/checkpoints/{step}") for step in (1, 2)]
    listed = training.checkpoints()
    plane.http.delete(f"/v1/models/{quote(PROD, safe='')}").raise_for_status()

    assert [answer.status_code for answer in refused] == [409, 409]
    assert all(PROD in answer.json()["error"]["message"] for answer in refused)
    assert [listed[step]["names"] for step in (1, 2)] == [[PROD], [PROD]]
    assert plane.http.delete(f"/v1/jobs/{training.id}/checkpoints/1").status_code == 200
    assert moves(plane, job_id=training.id, step=1).status_code == 404


def test_a_gate_lets_through_only_what_an_evaluation_of_that_very_model_says(
    plane: ControlPlane, worker: StandInWorker, training: Training
) -> None:
    of_first = evaluates(plane, worker, training.name(1), figures(2.0, -0.5), compare_with="base")
    of_second = evaluates(plane, worker, training.name(2), figures(1.9, -0.015), compare_with=training.name(1))
    not_ended = submit(plane, kind="score", model=training.name(1), texts=["x"])

    def asks(step: int, evaluation: str, **gate: Any) -> httpx.Response:
        return moves(plane, job_id=training.id, step=step, gate={"evaluation": evaluation, **gate})

    refusals = {
        "too high": asks(1, of_first, max=1.5),
        "of another": asks(2, of_first, max=9),
        "not compared so": asks(2, of_second, better_than="base"),
        "no evaluation": asks(1, not_ended, max=9),
    }
    passed = asks(1, of_first, max=2.5, better_than="base")
    unsure = asks(2, of_second, better_than="current")
    bolder = asks(2, of_second, better_than="current", standard_errors=1)

    said = {what: answer.json()["error"]["message"] for what, answer in refusals.items()}
    assert [answer.status_code for answer in refusals.values()] == [409, 409, 409, 400]
    assert "the loss is 2 ± 0.1, and must be 1.5 at most" in said["too high"]
    assert refusals["too high"].json()["error"]["code"] == "gate_not_passed"
    assert f"was of {training.name(1)}, and not of {training.name(2)}" in said["of another"]
    assert "did not compare" in said["not compared so"]
    assert passed.status_code == 200, passed.text
    assert (unsure.status_code, "-0.015 ± 0.01" in unsure.json()["error"]["message"]) == (409, True)
    assert bolder.status_code == 200, bolder.text
    assert asks(2, of_second, better_than="current").json() == bolder.json()
    newest, first = history(plane)
    assert newest["gate"]["figures"]["difference"] == {"value": -0.015, "standard_error": 0.01}
    assert (first["gate"]["evaluation"], first["gate"]["figures"]["own"]["value"]) == (of_first, 2.0)


def test_a_checkpoint_that_its_trainer_may_delete_gets_no_name(plane: ControlPlane, worker: StandInWorker) -> None:
    training = Training(plane, worker)
    training.saves(1)

    refused = moves(plane, job_id=training.id, step=1)
    training.ends()

    assert (refused.status_code, "save_total_limit" in refused.json()["error"]["message"]) == (409, True)
    assert moves(plane, job_id=training.id, step=1).status_code == 200


def test_a_name_is_not_moved_to_a_job_that_has_no_model_and_will_leave_none(
    plane: ControlPlane, worker: StandInWorker, training: Training
) -> None:
    moves(plane, job_id=training.id).raise_for_status()
    evaluation = evaluates(plane, worker, training.model, figures(2.0))
    failed = Training(plane, worker)
    failed.ends(EndReason.TRAINER_CRASHED)
    deleted = Training(plane, worker)
    deleted.ends()
    plane.http.delete(f"/v1/models/{quote(deleted.model, safe='')}").raise_for_status()

    refused = [moves(plane, job_id=job_id) for job_id in (evaluation, failed.id, deleted.id)]
    stayed = plane.get(f"/v1/models/{quote(PROD, safe='')}")
    moved = moves(plane, job_id=plane.submit())

    assert [answer.status_code for answer in refused] == [409, 409, 409]
    said = [answer.json()["error"]["message"] for answer in refused]
    assert ["of kind evaluate" in said[0], "is failed" in said[1], "is succeeded" in said[2]] == [True, True, True]
    assert stayed["job_id"] == training.id
    assert moved.status_code == 200, moved.text


@pytest.mark.parametrize(
    "body",
    [{}, {"step": 1}, {"job_id": "ftjob-none", "model": "ft:x"}, {"model": "ft:x", "step": 1}],
    ids=["nothing", "a step of nothing", "two things", "a step of a model"],
)
def test_a_name_is_to_stand_for_one_thing(plane: ControlPlane, body: dict[str, Any]) -> None:
    assert moves(plane, **body).status_code == 400


def test_a_name_that_there_is_not_has_no_moves_and_none_ends_as_a_route_does(plane: ControlPlane) -> None:
    job_id = plane.submit()

    named = [plane.http.put(f"/v1/models/ft:x/{end}", json={"job_id": job_id}) for end in ("history", "undo")]

    assert [answer.status_code for answer in named] == [400, 400]
    assert plane.http.get("/v1/models/ft:nobody@prod/history").status_code == 404
    assert plane.http.post("/v1/models/ft:nobody@prod/undo").status_code == 404
