"""Reading and deleting what was uploaded."""

import gzip
import json

import pytest
import yaml
from tests.api_process import ApiProcess
from tests.files.uploads import CHAT, on_disk, rows, upload, uploaded


def test_files_are_listed_newest_first_and_paged(api: ApiProcess) -> None:
    ids = [uploaded(api, rows(CHAT)) for _ in range(3)]

    first = api.http.get("/v1/files", params={"limit": 2}).json()
    rest = api.http.get("/v1/files", params={"after": first["last_id"]}).json()

    assert [file["id"] for file in first["data"]] == [ids[2], ids[1]]
    assert first["has_more"] is True
    assert rest["data"][0]["id"] == ids[0]


def test_a_file_with_bad_rows_is_stored_and_reported_and_refused_by_jobs(api: ApiProcess) -> None:
    file = upload(api, rows(CHAT) + b"{]\n" + rows({"messages": []})).json()

    report = api.http.get(f"/v1/files/{file['id']}/report").json()
    refused = api.http.post("/v1/jobs", json=_spec(file["id"]))

    assert (file["rows"], file["bad_rows"]) == (3, 2)
    assert [problem["row"] for problem in report["problems"]] == [2, 3]
    assert report["problems"][0]["excerpt"] == "{]"
    assert refused.status_code == 422
    assert "row 2" in refused.json()["error"]["message"]


def test_a_compressed_array_of_rows_is_a_jobs_input_as_plain_json(api: ApiProcess) -> None:
    file_id = upload(api, gzip.compress(json.dumps([CHAT] * 3).encode()), name="rows.json.gz").json()["id"]

    job_id = api.http.post("/v1/jobs", json=_spec(file_id)).json()["id"]

    config = yaml.safe_load(api.http.get(f"/v1/jobs/{job_id}/config").text)
    assert config["datasets"][0]["path"] == f"inputs/{file_id}.json"
    assert config["datasets"][0]["ds_type"] == "json"


def test_a_part_of_a_file_can_be_asked_for(api: ApiProcess) -> None:
    content = rows(*[CHAT] * 10)
    url = f"{api.url}/v1/files/{uploaded(api, content)}/content"

    answer = api.http.get(url, headers={"Range": "bytes=10-19"})

    assert answer.status_code == 206
    assert answer.content == content[10:20]
    assert api.http.get(url, headers={"Range": "bytes=99999-"}).status_code == 416


def test_the_preview_shows_the_first_rows_and_cuts_long_ones(api: ApiProcess) -> None:
    content = rows(CHAT) + b"\nnonsense\n" + rows({**CHAT, "note": "x" * 100_000}, CHAT, CHAT)
    file_id = uploaded(api, content)

    shown = api.http.get(f"/v1/files/{file_id}/preview", params={"rows": 4}).json()["data"]

    assert [row["row"] for row in shown] == [1, 2, 3, 4]
    assert shown[0]["value"] == shown[3]["value"] == CHAT
    assert shown[1]["text"] == "nonsense"
    assert shown[2]["text"].endswith("… (cut)")
    assert len(shown[2]["text"]) < 20_000


def test_a_deleted_file_is_gone(api: ApiProcess) -> None:
    file_id = uploaded(api, rows(CHAT))

    answer = api.http.delete(f"/v1/files/{file_id}")

    assert answer.json() == {"id": file_id, "object": "file", "deleted": True}
    assert file_id not in on_disk(api)
    assert api.http.get(f"/v1/files/{file_id}").status_code == 404


def test_a_file_that_a_live_job_needs_cannot_be_deleted_until_the_job_has_ended(api: ApiProcess) -> None:
    file_id = uploaded(api, rows(CHAT))
    job_id = api.http.post("/v1/jobs", json=_spec(file_id)).json()["id"]

    refused = api.http.delete(f"/v1/files/{file_id}")
    api.http.post(f"/v1/jobs/{job_id}/cancel").raise_for_status()
    deleted = api.http.delete(f"/v1/files/{file_id}")

    assert refused.status_code == 409
    assert job_id in refused.json()["error"]["message"]
    assert deleted.status_code == 200


@pytest.mark.parametrize("path", ["", "/content", "/preview", "/report"])
def test_an_unknown_file_has_nothing(api: ApiProcess, path: str) -> None:
    assert api.http.get(f"/v1/files/file-{'0' * 26}{path}").status_code == 404
    assert api.http.get(f"/v1/files/..%2f..%2fetc{path}").status_code in {404, 400}


def _spec(file_id: str) -> dict[str, object]:
    return {"base_model": "org/model", "datasets": [{"source": {"type": "file", "file_id": file_id}}]}
