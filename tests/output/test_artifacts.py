"""The files that a trainer left: all of them, and nothing else."""

import os
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.output.job_under_test import JobUnderTest

from axo_contracts.outputs import CHECKPOINT_MANIFEST, RECORD


@pytest.fixture
def outputs(job: JobUnderTest) -> Path:
    """The output folder of attempt 1, with an adapter, a checkpoint, and links that lead astray."""
    folder = job.attempt(1) / "outputs"
    (folder / "checkpoint-10").mkdir(parents=True)
    (folder / "adapter.safetensors").write_bytes(bytes(range(256)) * 1000)
    (folder / "checkpoint-10" / "trainer_state.json").write_text("{}")
    (folder / "with space & ünïcode.txt").write_text("x")
    (folder.parent / "config.yaml").write_text("secret: 1")
    (folder / "link.yaml").symlink_to("../config.yaml")
    (folder / "folder-link").symlink_to("/etc")
    (folder / "endless").symlink_to("endless")
    os.mkfifo(folder / "pipe")
    return folder


def test_artifacts_lists_the_files_of_every_attempt(job: JobUnderTest, outputs: Path) -> None:
    (job.attempt(10) / "outputs").mkdir()
    (job.attempt(10) / "outputs" / "adapter.safetensors").write_bytes(b"later")
    (job.attempt(2) / "prepared").mkdir()

    found = job.get("artifacts").json()["data"]

    assert [(one["attempt"], one["path"], one["bytes"]) for one in found] == [
        (1, "adapter.safetensors", 256_000),
        (1, "with space & ünïcode.txt", 1),
        (1, "checkpoint-10/trainer_state.json", 2),
        (10, "adapter.safetensors", 5),
    ]


@pytest.mark.parametrize("replaced", ["attempts/1/outputs", "attempts/1"])
def test_nothing_is_served_of_where_a_folders_link_leads(
    job: JobUnderTest, outputs: Path, tmp_path: Path, replaced: str
) -> None:
    (tmp_path / "outputs").mkdir()
    for elsewhere in (tmp_path, tmp_path / "outputs"):
        (elsewhere / "x.txt").write_text("secret")
    folder = job.journal.parent / replaced
    folder.rename(folder.with_name("aside"))
    folder.symlink_to(tmp_path)

    listed = job.get("artifacts").json()["data"]
    answers = [job.get(path) for path in ("artifacts/1/x.txt", "artifacts.tar?attempt=1")]

    assert listed == []
    assert [answer.status_code for answer in answers] == [404, 404]


def test_an_output_folder_that_leads_to_itself_holds_nothing(job: JobUnderTest) -> None:
    (job.attempt(1) / "outputs").symlink_to("outputs")

    listed, answer = job.get("artifacts"), job.get("artifacts/1/x.txt")

    assert (listed.status_code, listed.json()["data"]) == (200, [])
    assert answer.status_code == 404


def test_what_a_trainer_puts_in_the_place_of_a_manifest_is_not_waited_for(job: JobUnderTest, outputs: Path) -> None:
    os.mkfifo(outputs / "checkpoint-10" / CHECKPOINT_MANIFEST)
    os.mkfifo(outputs.parent / RECORD)

    found = job.get("artifacts").json()["data"]

    assert [one["sha256"] for one in found] == [None, None, None]


def test_a_job_without_an_attempt_has_no_artifacts(job: JobUnderTest) -> None:
    assert job.get("artifacts").json()["data"] == []


@pytest.mark.parametrize(
    "path", ["adapter.safetensors", "checkpoint-10/trainer_state.json", "with space & ünïcode.txt"]
)
def test_an_artifact_is_downloaded_as_it_is(job: JobUnderTest, outputs: Path, path: str) -> None:
    answer = job.get(f"artifacts/1/{quote(path)}")

    assert answer.content == (outputs / path).read_bytes()
    assert answer.headers["content-disposition"].startswith("attachment")


def test_a_part_of_an_artifact_can_be_asked_for(job: JobUnderTest, outputs: Path) -> None:
    answer = job.get("artifacts/1/adapter.safetensors", headers={"Range": "bytes=255-257"})

    assert answer.status_code == 206
    assert answer.content == b"\xff\x00\x01"


@pytest.mark.parametrize(
    "path",
    [
        "../config.yaml",
        "%2e%2e/config.yaml",
        "..%2fconfig.yaml",
        "checkpoint-10/../../config.yaml",
        "link.yaml",
        "folder-link/passwd",
        "endless",
        "endless/x",
        "%2fetc/passwd",
        "/etc/passwd",
        "pipe",
        "checkpoint-10",
        "",
        "nothing",
        "a%00b",
        "x" * 5000,
    ],
)
def test_nothing_but_regular_files_of_the_output_folder_is_sent(job: JobUnderTest, outputs: Path, path: str) -> None:
    connection = HTTPConnection("127.0.0.1", job.api.port)  # sends the path as it is written here

    connection.request("GET", f"/v1/jobs/{job.id}/artifacts/1/{path}")
    answer = connection.getresponse()
    body = answer.read()
    connection.close()

    assert answer.status == 404
    assert b"secret" not in body
