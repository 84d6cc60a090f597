"""The files that a trainer left: all of them, and nothing else."""

import os
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.output.job_under_test import JobUnderTest


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
