"""A job that has ended is deleted with all that it has left, unless something depends on it."""

import shutil
from pathlib import Path

from sqlalchemy import create_engine
from tests.api_process import ApiProcess
from tests.housekeeping.ended import EndedJob, axo, content_of, error_of, upload

from axo_api.models.dependents import take_back_result
from axo_api.tables import job_events


def test_a_deleted_job_leaves_nothing_behind(api: ApiProcess) -> None:
    result_file, other = upload(api), EndedJob(api)
    job = EndedJob(api)
    job.keep_checkpoint(3)
    job.becomes(result_file_id=result_file)

    answer = api.http.delete(f"/v1/jobs/{job.id}")

    assert answer.json() == {"id": job.id, "object": "job", "deleted": True}
    assert not job.folder.exists()
    assert not content_of(api, result_file).exists()
    for path in ("", "/stream", "/checkpoints", "/artifacts", "/metrics", "/manifest", "/dependents"):
        error_of(api.http.get(f"/v1/jobs/{job.id}{path}"), 404)
    error_of(api.http.delete(f"/v1/jobs/{job.id}"), 404)
    assert job.id not in api.http.get("/v1/models").text
    assert other.outputs.exists()


def test_a_job_that_has_not_ended_or_is_still_told_of_is_not_deleted(api: ApiProcess) -> None:
    live = api.submit()
    told = EndedJob(api)
    told.change(job_events, published=False)

    waits = error_of(api.http.delete(f"/v1/jobs/{live}", params={"force": True}), 409)
    soon = api.http.delete(f"/v1/jobs/{told.id}")

    assert "is queued; cancel it" in waits["message"]
    assert "ask again in a moment" in error_of(soon, 409)["message"]
    assert soon.headers["x-should-retry"] == "true"
    assert told.outputs.exists()


def test_what_depends_on_a_job_is_said_first(api: ApiProcess) -> None:
    job, built_on_it = EndedJob(api), EndedJob(api)
    job.name("ft:prod")
    weights = {"name": "x", "called": "x", "base": f"jobs/{job.id}/attempts/1/outputs", "revision": None}
    built_on_it.becomes(models={"base_model": {**weights, "is_stored": True, "adapter": None}})

    listed = api.http.get(f"/v1/jobs/{job.id}/dependents").json()["data"]
    refused = error_of(api.http.delete(f"/v1/jobs/{job.id}"), 409)
    model_refused = error_of(api.http.delete(f"/v1/models/{job.model}"), 409)
    forced = api.http.delete(f"/v1/jobs/{job.id}", params={"force": True})

    assert {(one["type"], one["id"], one["must_end"]) for one in listed} == {
        ("alias", "ft:prod", False),
        ("job", built_on_it.id, False),
    }
    assert refused["errors"] == listed
    assert "ft:prod" in refused["message"]
    assert "?force=true" in refused["message"]
    assert model_refused["errors"] == listed
    assert forced.status_code == 200
    assert api.http.get("/v1/models/ft:prod").status_code == 404


def test_a_live_job_that_reads_it_is_never_forced(api: ApiProcess) -> None:
    job = EndedJob(api)
    retried = api.http.post(f"/v1/jobs/{job.id}/retry").json()["id"]

    refused = error_of(api.http.delete(f"/v1/jobs/{job.id}", params={"force": True}), 409)
    api.http.post(f"/v1/jobs/{retried}/cancel")
    freed = api.http.delete(f"/v1/jobs/{job.id}")

    assert f"is needed by {retried}" in refused["message"]
    assert freed.status_code == 200


def test_a_live_job_that_follows_it_in_a_chain_or_reads_what_it_has_prepared_is_never_forced(api: ApiProcess) -> None:
    job, follower, reader = EndedJob(api), EndedJob(api), EndedJob(api)
    follower.becomes(status="queued", ended_at=None, after=job.id, is_held=True)
    reader.becomes(status="queued", ended_at=None, spec={"kind": "train", "prepared": job.id})

    refused = error_of(api.http.delete(f"/v1/jobs/{job.id}", params={"force": True}), 409)

    assert {one["id"] for one in refused["errors"] if one["must_end"]} == {follower.id, reader.id}


def test_a_model_goes_by_force_with_its_checkpoints_and_its_names(api: ApiProcess) -> None:
    job, other = EndedJob(api), EndedJob(api)
    checkpoint = job.keep_checkpoint(1)
    job.name("ft:best")
    job.name("ft:early", step=1)
    job.name("ft:moved")
    other.name("ft:moved")

    refused = error_of(api.http.delete(f"/v1/models/{job.model}"), 409)
    forced = api.http.delete(f"/v1/models/{job.model}", params={"force": True})

    assert {one["id"]: one["why"] for one in refused["errors"]} == {
        "ft:best": "stands for it",
        "ft:early": "stands for it",
        "ft:moved": "would, if its last move was undone",
    }
    assert forced.status_code == 200, forced.text
    assert not checkpoint.exists()
    assert job.steps() == set()
    there = {name: api.http.get(f"/v1/models/{name}").status_code for name in ("ft:best", "ft:early", "ft:moved")}
    assert there == {"ft:best": 404, "ft:early": 404, "ft:moved": 200}


def test_a_job_that_waits_further_back_in_the_chain_is_never_forced(api: ApiProcess) -> None:
    first, last = EndedJob(api), EndedJob(api)
    last.becomes(status="queued", ended_at=None, after="ftjob-between", is_held=True)
    first.becomes(then=["ftjob-between", last.id])

    error_of(api.http.delete(f"/v1/models/{first.model}", params={"force": True}), 409)
    named = error_of(api.http.put("/v1/models/ft:soon", json={"job_id": last.id}), 409)

    assert "waits for the one before it in its chain" in named["message"]


def test_a_deletion_that_was_cut_short_is_finished_by_asking_again(api: ApiProcess) -> None:
    job = EndedJob(api)
    job.becomes(result_attempt=None)
    shutil.rmtree(job.folder)

    answer = api.http.delete(f"/v1/jobs/{job.id}")

    assert answer.status_code == 200
    error_of(api.http.get(f"/v1/jobs/{job.id}"), 404)


def test_what_cannot_be_removed_is_not_said_to_be_deleted(api: ApiProcess, tmp_path: Path) -> None:
    job = EndedJob(api)
    name = job.model
    model = f"{api.url}/v1/models/{name}"
    attempt = job.outputs.parent
    attempt.rename(tmp_path / "elsewhere")
    attempt.write_text("notes")  # below which even root removes nothing

    refused = error_of(api.http.delete(model), 503)
    still_there = api.http.get(model).status_code
    attempt.unlink()
    (tmp_path / "elsewhere").rename(attempt)
    deleted = api.http.delete(model)

    assert f"Some files of '{name}' could not be removed" in refused["message"]
    assert still_there == 200
    assert deleted.status_code == 200
    error_of(api.http.get(model), 404)


def test_outputs_that_are_a_link_go_and_what_it_leads_to_stays(api: ApiProcess, tmp_path: Path) -> None:
    job = EndedJob(api)
    elsewhere = job.outputs.rename(tmp_path / "elsewhere")
    job.outputs.symlink_to(elsewhere)

    deleted = api.http.delete(f"/v1/models/{job.model}")

    assert deleted.status_code == 200, deleted.text
    assert not any(place.is_symlink() for place in job.outputs.parent.iterdir())
    assert (elsewhere / "model.safetensors").exists()


def test_a_result_that_is_being_deleted_is_given_to_nobody_and_goes_when_it_is_asked_for_again(api: ApiProcess) -> None:
    job, other = EndedJob(api), EndedJob(api)
    name, models = job.model, f"{api.url}/v1/models"
    job.name("ft:moved")
    other.name("ft:moved")
    engine = create_engine(api.database_url)
    with engine.begin() as connection:  # and no more: here the service dies
        take_back_result(connection, name, owner=None, force=True)
    engine.dispose()

    rows = upload(api)
    evaluation = {"kind": "evaluate", "model": name, "datasets": [{"source": {"type": "file", "file_id": rows}}]}
    chat = {"model": name, "messages": [{"role": "user", "content": "2 + 2?"}]}
    refused = [
        api.http.post("/v1/jobs", json=evaluation),
        api.http.post("/v1/fine_tuning/jobs", json={"model": name, "training_file": rows}),
        api.http.post("/v1/chat/completions", json=chat),
        api.http.put(f"{models}/ft:late", json={"model": name}),
        api.http.put(f"{models}/ft:late", json={"job_id": job.id}),
        api.http.get(f"/v1/jobs/{job.id}/manifest"),
    ]
    undone = api.http.post(f"{models}/ft:moved/undo")
    listed, found, shown = api.http.get(models), api.http.get(f"{models}/{name}"), api.http.get(f"/v1/jobs/{job.id}")
    deleted = api.http.delete(f"{models}/{name}", params={"force": True})

    assert all("is being deleted" in error_of(answer, 404)["message"] for answer in refused)
    assert "is gone, or is being deleted" in error_of(undone, 409)["message"]
    assert name not in listed.text
    assert (found.status_code, shown.json()["result"]) == (200, None)
    assert deleted.status_code == 200
    assert not job.outputs.exists()
    error_of(api.http.get(f"{models}/{name}"), 404)


def test_what_an_earlier_try_has_put_aside_goes_as_well(api: ApiProcess) -> None:
    job, other = EndedJob(api), EndedJob(api)
    of_model, of_job = job.outputs.with_name(".outputs.removed"), other.folder.with_name(f".{other.id}.removed")
    for aside in (of_model, of_job):
        aside.mkdir()
        (aside / "half.safetensors").write_bytes(b"weights")

    deleted = api.http.delete(f"/v1/models/{job.model}"), api.http.delete(f"/v1/jobs/{other.id}")

    assert [answer.status_code for answer in deleted] == [200, 200]
    assert not any(folder.exists() for folder in (of_model, of_job, job.outputs, other.folder))


def test_a_file_says_which_jobs_name_it(api: ApiProcess) -> None:
    file_id = upload(api)
    rows = [{"source": {"type": "file", "file_id": file_id}}]
    ended, live = EndedJob(api, datasets=rows), api.submit(datasets=rows)

    listed = api.http.get(f"/v1/files/{file_id}/dependents").json()["data"]

    assert {(one["id"], one["must_end"]) for one in listed} == {(ended.id, False), (live, True)}


def test_the_command_names_the_jobs_that_could_not_be_retried_without_a_file(api: ApiProcess) -> None:
    file_id = upload(api)
    ended = EndedJob(api, datasets=[{"source": {"type": "file", "file_id": file_id}}])

    asked, forced = axo(api, "files", "delete", file_id), axo(api, "files", "delete", file_id, "--force")

    assert (asked.returncode, forced.returncode) == (1, 0)
    assert f"{ended.id} could not be retried" in asked.stderr
    assert not content_of(api, file_id).exists()
