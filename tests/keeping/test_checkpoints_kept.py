"""Checkpoints of a job: what each is worth, what keeps it, and how it goes, by a rule or because somebody asked."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import create_engine, select, update
from tests.api.conftest import StartControlPlane
from tests.api.control_plane import ControlPlane
from tests.api.databases import on_both_databases
from tests.api.standin_worker import StandInWorker
from tests.api_process import SPEC
from tests.keeping.training import Training, rows_of, submit, write_checkpoint
from tests.waiting import wait_for

from axo_api.checkpoints.folders import is_whole
from axo_api.clock import now
from axo_api.tables import checkpoints, jobs
from axo_contracts.lifecycle import EndReason
from axo_contracts.outputs import CHECKPOINT_MANIFEST, CheckpointManifest, HashedFile

UNION = {"last": 1, "best": {"metric": "eval_loss"}, "every": 4}


@on_both_databases
def test_the_union_of_the_rules_is_kept_and_the_rest_goes(plane: ControlPlane, worker: StandInWorker) -> None:
    training = Training(plane, worker, keep=UNION)
    assert training.run.order.config["save_total_limit"] == 2**31 - 1

    for step, eval_loss in enumerate((3.0, 1.0, 2.0, 2.0, None, 4.0), start=1):
        training.saves(step, eval_loss=eval_loss)
    training.wait_until_there_are(2, 4, 6)
    listed = training.checkpoints()

    assert {step: listed[step]["kept_because"] for step in (2, 4, 6)} == {
        2: ["best"],
        4: ["every"],
        6: ["last", "newest"],
    }
    assert listed[5]["metrics"]["eval_loss"] == {"step": 5, "value": None}
    assert listed[2]["metrics"] == {"loss": {"step": 2, "value": 0.5}, "eval_loss": {"step": 2, "value": 1.0}}
    assert {listed[step]["removed_because"] for step in (1, 3, 5)} == {"keep"}
    assert listed[2]["name"] == training.name(2)
    left = {f"checkpoint-{step}" for step in (2, 4, 6)}
    wait_for(lambda: {path.name for path in training.folder(1).parent.iterdir()} == left, "the files to be gone")
    openai = plane.get(f"/v1/fine_tuning/jobs/{training.id}/checkpoints")["data"]
    assert [one["step_number"] for one in openai] == [6, 4, 2]


def test_one_in_use_is_kept_until_it_is_used_no_more(plane: ControlPlane, worker: StandInWorker) -> None:
    training = Training(plane, worker, keep={"last": 1})
    training.saves(1)
    scoring = submit(plane, kind="score", model=training.name(1), texts=["Two and two."])

    training.saves(2)
    training.saves(3)
    training.wait_until_there_are(1, 3)
    held = training.checkpoints()[1]
    refused = plane.http.delete(f"/v1/jobs/{training.id}/checkpoints/1")
    plane.http.post(f"/v1/jobs/{scoring}/cancel").raise_for_status()

    assert (held["kept_because"], held["used_by"]) == (["used"], [scoring])
    assert refused.status_code == 409
    assert scoring in refused.json()["error"]["message"]
    training.wait_until_there_are(3)


def test_a_checkpoint_is_deleted_once_and_what_the_job_would_go_on_from_is_not(
    plane: ControlPlane, worker: StandInWorker
) -> None:
    training = Training(plane, worker)
    for step in (1, 2):
        training.saves(step)
    path = f"/v1/jobs/{training.id}/checkpoints"

    newest = plane.http.delete(f"{path}/2")
    answers = [plane.http.delete(f"{path}/1") for _ in range(2)]
    unknown = plane.http.delete(f"{path}/7")
    after = submit_refused(plane, training.name(1))
    training.ends(EndReason.TRAINER_CRASHED)

    assert (newest.status_code, "would go on from" in newest.json()["error"]["message"]) == (409, True)
    assert [answer.json() for answer in answers] == [
        {"id": training.name(1), "object": "job.checkpoint", "deleted": True}
    ] * 2
    assert (unknown.status_code, after) == (404, 404)
    assert (training.there(), training.checkpoints()[1]["removed_because"]) == ([2], "asked")
    assert not training.folder(1).exists()
    assert plane.http.delete(f"{path}/2").status_code == 200
    assert training.there() == []


def submit_refused(plane: ControlPlane, model: str) -> int:
    """Return how a task on a model is refused."""
    return plane.http.post("/v1/jobs", json={"kind": "merge", "model": model}).status_code


def test_a_job_is_retried_from_the_checkpoint_of_a_step_which_stays_for_that(
    plane: ControlPlane, worker: StandInWorker
) -> None:
    training = Training(plane, worker, keep={"last": 2})
    for step in (1, 2):
        training.saves(step)
    training.ends(EndReason.TRAINER_CRASHED)
    by_id = training.checkpoints()[1]["id"]

    answers = [
        plane.http.post(f"/v1/jobs/{training.id}/retry", json={"from_checkpoint": which}) for which in (1, by_id, 7)
    ]

    assert [answer.status_code for answer in answers] == [201, 201, 404]
    retried = [answer.json()["id"] for answer in answers[:2]]
    order = worker.take_order()
    assert order.job_id == retried[0]
    assert [plane.storage_root / path for path in order.checkpoints_from] == [training.folder(1)]
    assert training.checkpoints()[1]["used_by"] == retried
    assert plane.http.delete(f"/v1/jobs/{training.id}/checkpoints/1").status_code == 409
    assert plane.http.delete(f"/v1/jobs/{training.id}/checkpoints/2").status_code == 200


def test_a_retry_of_a_retry_that_has_saved_nothing_goes_on_from_the_first_jobs_checkpoint(
    plane: ControlPlane, worker: StandInWorker
) -> None:
    training = Training(plane, worker)
    training.saves(1)
    training.ends(EndReason.TRAINER_CRASHED)
    retried = retries(plane, training.id)
    worker.run_next().finishes(EndReason.TRAINER_CRASHED)
    plane.wait_for_status(retried, "failed")

    again = retries(plane, retried)

    order = worker.take_order()
    attempts = tuple(f"jobs/{job_id}/attempts/1" for job_id in (training.id, retried))
    assert (order.job_id, order.checkpoints_from) == (again, attempts)
    assert training.checkpoints()[1]["used_by"] == [again]
    assert plane.http.delete(f"/v1/jobs/{training.id}/checkpoints/1").status_code == 409


def retries(plane: ControlPlane, job_id: str) -> str:
    """Retry a job from its newest checkpoint, and return the new job's id."""
    answer = plane.http.post(f"/v1/jobs/{job_id}/retry")
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_every_kind_of_task_takes_a_checkpoint_by_its_name_and_by_an_alias(
    plane: ControlPlane, worker: StandInWorker
) -> None:
    training = Training(plane, worker, keep={"last": 9})
    training.saves(1)
    alias = "ft:tried@staging"
    plane.http.put(f"/v1/models/{alias}", json={"job_id": training.id, "step": 1}).raise_for_status()
    rows = rows_of(plane)
    asked: list[dict[str, Any]] = [
        {"kind": "merge"},
        {"kind": "score", "texts": ["x"]},
        {"kind": "generate", "datasets": rows},
        {"kind": "evaluate", "datasets": rows, "compare_with": "base"},
    ]
    adapters = set()
    engine = create_engine(plane.database_url)
    for name in (training.name(1), alias):
        for task in asked:
            job_id = submit(plane, model=name, **task)
            with engine.connect() as connection:
                models = connection.execute(select(jobs.c.models).where(jobs.c.id == job_id)).scalar_one()
            adapters.add(models["model"]["adapter"])
            plane.http.post(f"/v1/jobs/{job_id}/cancel").raise_for_status()
    engine.dispose()

    assert [plane.storage_root / adapter for adapter in adapters] == [training.folder(1)]
    trained_on = {"model": alias, "training_file": rows[0]["source"]["file_id"]}
    assert plane.http.post("/v1/fine_tuning/jobs", json=trained_on).status_code == 200
    shown = plane.get(f"/v1/models/{alias}")
    assert (shown["alias_of"], shown["job_id"]) == (training.name(1), training.id)
    assert alias in [model["id"] for model in plane.get("/v1/models?limit=1000")["data"]]


@pytest.mark.parametrize(
    "name", ["x" * 300, "endless", "file/below", "nul\0"], ids=["too long", "a loop", "a file as a folder", "a NUL"]
)
def test_a_checkpoint_is_not_whole_whose_manifest_names_what_cannot_be_there(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "checkpoint-1"
    write_checkpoint(folder, 1)
    (folder / "file").touch()
    (folder / "endless").symlink_to("endless")
    was_whole = is_whole(folder)
    manifest = CheckpointManifest(1, (HashedFile(name, 1, "0" * 64),))
    (folder / CHECKPOINT_MANIFEST).write_bytes(msgspec.json.encode(manifest))

    assert (was_whole, is_whole(folder)) == (True, False)


def test_a_deletion_that_a_crash_cut_short_is_finished(plane: ControlPlane, worker: StandInWorker) -> None:
    training = Training(plane, worker)
    for step in (1, 2, 3):
        training.saves(step)

    training.folder(2).rename(training.folder(2).with_name(".checkpoint-2.removed"))
    engine = create_engine(plane.database_url)
    with engine.begin() as connection:
        chosen = checkpoints.c.job_id == training.id, checkpoints.c.step < 3
        connection.execute(update(checkpoints).where(*chosen).values(removed_at=now(), removed_because="asked"))
    engine.dispose()

    left = training.folder(1).parent
    wait_for(lambda: [path.name for path in left.iterdir()] == ["checkpoint-3"], "the files to be gone")


def test_the_operators_rule_is_written_into_jobs_that_say_nothing(start_control_plane: StartControlPlane) -> None:
    own = start_control_plane(AXO_KEEP='{"last": 2}')

    said_nothing, limited = own.submit(), own.submit(hyperparameters={"save_total_limit": 1})
    planned = own.http.post("/v1/jobs/plan", json=SPEC).json()

    rule = {"last": 2, "best": None, "every": None}
    assert [own.job(job_id)["spec"]["keep"] for job_id in (said_nothing, limited)] == [rule, None]
    assert planned["spec"]["keep"] == rule
