"""An owner takes no more of the storage than may be, and a job is refused that the disk surely has no room for."""

import os
from collections.abc import Iterator
from shutil import rmtree

import msgspec
import pytest
from tests.api_process import SPEC, ApiProcess
from tests.housekeeping.ended import ROWS, EndedJob, error_of, upload

from axo_contracts.outputs import RECORD, AttemptRecord, HashedFile, Source

LIMIT = 3 * len(ROWS) + 1


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiProcess]:
    """A control plane on which everybody may have three files and a byte."""
    home = tmp_path_factory.mktemp("small")
    process = ApiProcess(home)
    process.settings |= {"AXO_QUOTA__BYTES": str(LIMIT), "AXO_ALLOWED_ROOTS": f'["{home}"]'}
    process.start()
    yield process
    process.close()


@pytest.fixture
def small(api: ApiProcess) -> Iterator[ApiProcess]:
    """The same, with nothing in it."""
    yield api
    for file in api.http.get("/v1/files").json()["data"]:
        api.http.delete(f"/v1/files/{file['id']}").raise_for_status()


def test_what_is_over_the_quota_is_refused_with_the_figures_until_there_is_room(small: ApiProcess) -> None:
    files = [upload(small) for _ in range(3)]
    begin = {"filename": "rows.jsonl", "bytes": 2}

    put = small.http.put("/v1/files", content=ROWS, params={"filename": "rows.jsonl"})
    posted = small.http.post("/v1/files", files={"file": ("r.jsonl", ROWS)}, data={"purpose": "fine-tune"})
    begun = small.http.post("/v1/files/uploads", json=begin)
    usage = small.http.get("/v1/usage").json()
    small.http.delete(f"/v1/files/{files[0]}")

    for refused in (put, posted, begun):
        error = error_of(refused, 403)
        assert error["code"] == "storage_quota_exceeded"
        assert f"local has {LIMIT - 1} of {LIMIT} bytes" in error["message"]
        assert "DELETE /v1/files/ID" in error["message"]
    assert (usage["files_bytes"], usage["used_bytes"], usage["limit_bytes"]) == (LIMIT - 1, LIMIT - 1, LIMIT)
    assert len(small.http.get("/v1/files").json()["data"]) == 2
    assert not [*(small.storage_root / "files" / "incoming").iterdir()]
    assert upload(small)


def test_results_and_checkpoints_count_and_a_full_owner_submits_nothing(small: ApiProcess) -> None:
    job = EndedJob(small)
    job.keep_checkpoint(1)
    rmtree(job.keep_checkpoint(2))  # as a trainer does that keeps only so many
    outputs = (HashedFile("model.safetensors", LIMIT - 1000, "0" * 64),)
    record = AttemptRecord(environment=None, base=Source(name=""), datasets=(), outputs=outputs)
    (job.outputs.parent / RECORD).write_bytes(msgspec.json.encode(record))

    refused = error_of(small.http.post("/v1/jobs", json=SPEC), 403)
    small.http.delete(f"/v1/jobs/{job.id}")
    taken = small.http.post("/v1/jobs", json=SPEC)

    assert f"checkpoints 1000, results {LIMIT - 1000}" in refused["message"]
    assert taken.status_code == 201


def test_a_job_that_the_disk_surely_has_no_room_for_is_refused_before_it_waits(small: ApiProcess) -> None:
    model = small.home / "huge"
    model.mkdir()
    (model / "config.json").write_text("{}")
    with (model / "model.safetensors").open("wb") as weights:
        os.truncate(weights.fileno(), 8 * 10**12)  # all of it a hole
    spec = SPEC | {"base_model": str(model)}

    refused = error_of(small.http.post("/v1/jobs", json=spec | {"adapter": {"type": "full"}}), 507)
    adapter = small.http.post("/v1/jobs", json=spec)

    assert refused["code"] == "storage_full"
    assert "This job writes 8000.0 GB at least, and the storage has" in refused["message"]
    assert adapter.status_code == 201
