"""The files of a job: with their hashes, in parts that fit together, and as one tar."""

import hashlib
import io
import os
import tarfile
from pathlib import Path

import httpx
import msgspec
import pytest
from tests.api_process import ApiProcess
from tests.output.job_under_test import JobUnderTest

from axo_contracts.outputs import (
    CHECKPOINT_MANIFEST,
    RECORD,
    AttemptRecord,
    CheckpointManifest,
    HashedFile,
    Source,
)

WEIGHTS = bytes(range(256)) * 1000
STATE = b'{"global_step": 10}'
LARGE_BYTES = 64 * 1024 * 1024


@pytest.fixture
def outputs(job: JobUnderTest) -> Path:
    """The outputs of an attempt that has ended, as its worker has hashed them."""
    folder = job.attempt(1) / "outputs"
    (folder / "checkpoint-10").mkdir(parents=True)
    for name, content in {
        "adapter_model.safetensors": WEIGHTS,
        "training_args.bin": b"\x80",
        "checkpoint-10/trainer_state.json": STATE,
        "checkpoint-10/optimizer.pt": b"\x80",
        "changed.json": b"{}",
    }.items():
        (folder / name).write_bytes(content)
    state = HashedFile("trainer_state.json", len(STATE), _sha256(STATE))
    manifest = CheckpointManifest(10, (state, HashedFile("optimizer.pt", 1, _sha256(b"\x80"))))
    (folder / "checkpoint-10" / CHECKPOINT_MANIFEST).write_bytes(msgspec.json.encode(manifest))
    record = AttemptRecord(
        environment=None,
        base=Source(name="org/model"),
        datasets=(),
        outputs=(
            HashedFile("adapter_model.safetensors", len(WEIGHTS), _sha256(WEIGHTS)),
            HashedFile("training_args.bin", 1, _sha256(b"\x80")),
            HashedFile("changed.json", 1000, "0" * 64),
        ),
    )
    (folder.parent / RECORD).write_bytes(msgspec.json.encode(record))
    return folder


def test_each_file_is_listed_with_its_hash_or_why_it_has_none(job: JobUnderTest, outputs: Path) -> None:
    shown = {one["path"]: one for one in job.get("artifacts").json()["data"]}

    assert shown["adapter_model.safetensors"]["sha256"] == _sha256(WEIGHTS)
    assert shown["checkpoint-10/trainer_state.json"]["sha256"] == _sha256(STATE)
    assert shown["changed.json"]["sha256"] is None
    assert "another size" in shown["changed.json"]["unhashed_because"]
    assert [path for path, one in shown.items() if not one["downloadable"]] == [
        "training_args.bin",
        "checkpoint-10/optimizer.pt",
    ]


def test_files_of_an_attempt_without_its_workers_record_say_so(job: JobUnderTest, outputs: Path) -> None:
    (outputs.parent / RECORD).unlink()

    shown = {one["path"]: one for one in job.get("artifacts").json()["data"]}

    assert "without its worker" in shown["adapter_model.safetensors"]["unhashed_because"]
    assert shown["checkpoint-10/trainer_state.json"]["sha256"] == _sha256(STATE)


def test_a_download_that_broke_off_goes_on_as_long_as_the_file_is_the_same(job: JobUnderTest, outputs: Path) -> None:
    path = "artifacts/1/adapter_model.safetensors"
    tag = job.get(path).headers["etag"]

    rest = job.get(path, headers={"Range": "bytes=1000-", "If-Range": tag})
    other = job.get(path, headers={"Range": "bytes=1000-", "If-Range": f'"{"0" * 64}"'})
    beyond = job.get(path, headers={"Range": f"bytes={len(WEIGHTS)}-", "If-Range": tag})

    assert tag == f'"{_sha256(WEIGHTS)}"'
    assert (rest.status_code, rest.content) == (206, WEIGHTS[1000:])
    assert (other.status_code, other.content) == (200, WEIGHTS)
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(WEIGHTS)}")


@pytest.mark.parametrize("path", ["training_args.bin", "checkpoint-10/optimizer.pt", "x/../training_args.bin"])
def test_a_pickle_is_not_served(job: JobUnderTest, outputs: Path, path: str) -> None:
    (outputs / "x").mkdir()

    answer = httpx.get(f"{job.url}/artifacts/1/{path.replace('..', '%2e%2e')}")

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "pickle_not_served")
    assert "AXO_SERVE_PICKLES" in answer.json()["error"]["message"]


def test_an_operator_may_have_pickles_served(tmp_path: Path) -> None:
    api = ApiProcess(tmp_path)
    api.settings["AXO_SERVE_PICKLES"] = "true"
    api.start()
    try:
        job = JobUnderTest(api)
        (job.attempt(1) / "outputs").mkdir()
        (job.attempt(1) / "outputs" / "training_args.bin").write_bytes(b"\x80")

        assert job.get("artifacts").json()["data"][0]["downloadable"] is True
        assert job.get("artifacts/1/training_args.bin").content == b"\x80"
    finally:
        api.close()


def test_a_tar_has_all_files_of_an_attempt_but_pickles(job: JobUnderTest, outputs: Path) -> None:
    long_name = f"{'long ' * 40}ünïcode.json"
    (outputs / long_name).write_bytes(b"x" * 513)

    answer = job.get("artifacts.tar", params={"attempt": 1})

    assert answer.headers["content-type"] == "application/x-tar"
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert _unpacked(answer.content) == {
        f"{job.id}/adapter_model.safetensors": WEIGHTS,
        f"{job.id}/changed.json": b"{}",
        f"{job.id}/{long_name}": b"x" * 513,
        f"{job.id}/checkpoint-10/{CHECKPOINT_MANIFEST}": (outputs / "checkpoint-10" / CHECKPOINT_MANIFEST).read_bytes(),
        f"{job.id}/checkpoint-10/trainer_state.json": STATE,
    }


def test_a_tar_may_be_of_one_folder(job: JobUnderTest, outputs: Path) -> None:
    whole = job.get("artifacts.tar", params={"attempt": 1, "path": "checkpoint-10/trainer"})
    nothing = job.get("artifacts.tar", params={"attempt": 1, "path": "../"})

    assert _unpacked(whole.content) == {f"{job.id}/checkpoint-10/trainer_state.json": STATE}
    assert (nothing.status_code, nothing.json()["error"]["param"]) == (404, "path")


def test_a_checkpoint_that_is_being_removed_is_neither_listed_nor_sent(job: JobUnderTest, outputs: Path) -> None:
    (outputs / ".checkpoint-2.removed").mkdir()
    (outputs / ".checkpoint-2.removed" / "x.safetensors").write_bytes(b"half")

    listed = {one["path"] for one in job.get("artifacts").json()["data"]}
    sent = _unpacked(job.get("artifacts.tar", params={"attempt": 1}).content)

    assert "checkpoint-10/trainer_state.json" in listed
    assert f"{job.id}/checkpoint-10/trainer_state.json" in sent
    assert not [path for path in (*listed, *sent) if "checkpoint-2" in path]


@pytest.mark.parametrize("how", ["removed", "shortened"])
def test_a_tar_breaks_off_when_a_file_is_not_as_it_was(job: JobUnderTest, how: str) -> None:
    outputs = job.attempt(1) / "outputs"
    outputs.mkdir()
    for name in ("a.safetensors", "b.safetensors"):
        with (outputs / name).open("wb") as file:
            os.truncate(file.fileno(), LARGE_BYTES)

    with httpx.stream("GET", f"{job.url}/artifacts.tar", params={"attempt": 1}, timeout=60) as answer:
        content = answer.iter_raw()
        next(content)
        if how == "removed":
            (outputs / "b.safetensors").unlink()
        else:
            os.truncate(outputs / "b.safetensors", 1000)
        with pytest.raises(httpx.RemoteProtocolError):
            for _ in content:
                pass

    assert "an archive is broken off" in job.api.output.read_text()


def _unpacked(content: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
