"""A result's manifest: what it was made from, what it is, and a signature that anybody can check."""

import hashlib
import json
import os
import subprocess
import sys
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from sqlalchemy import create_engine, update
from tests.artifacts.trained import PICKLE, SERVED, Trained, files_in
from tests.faults.small_disk import SmallDisk, can_mount
from tests.output.job_under_test import JobUnderTest

from axo_api.clock import now
from axo_api.tables import attempts, checkpoints, jobs
from axo_contracts import storage_paths
from axo_contracts.ids import CHECKPOINT, new_id
from axo_contracts.manifest import canonical
from axo_contracts.outputs import CHECKPOINT_MANIFEST


def test_it_says_what_a_result_was_made_from(trained: Trained) -> None:
    manifest = json.loads(trained.manifest())["manifest"]

    (dataset,) = manifest["datasets"]
    (file,) = dataset["files"]
    uploaded = trained.stack.http.get(f"/v1/files/{dataset['name']}/content").content
    assert (file["bytes"], file["sha256"]) == (len(uploaded), hashlib.sha256(uploaded).hexdigest())
    assert manifest["base"]["name"] == str(trained.stack.model)
    config_hash = hashlib.sha256(b"{}").hexdigest()
    assert manifest["base"]["files"] == [{"path": "config.json", "bytes": 2, "sha256": config_hash}]
    assert manifest["spec"] == trained.job["spec"]
    assert manifest["config"]["base_model"] == str(trained.stack.model)
    assert manifest["seed"] == manifest["config"]["seed"]
    assert manifest["versions"]["python"].startswith("3.")
    assert manifest["versions"]["axo"] == manifest["versions"]["axo_worker"]
    assert (manifest["worker"]["id"], manifest["worker"]["gpus"]) == ("embedded", [])
    assert [(one["attempt"], one["reason"]) for one in manifest["attempts"]] == [(1, "completed")]
    assert manifest["training"]["steps"] == 5
    assert manifest["training"]["final_metrics"]["loss"] == {"step": 5, "value": 0.2}
    assert (manifest["job"]["id"], manifest["job"]["name"]) == (trained.id, "to-be-pulled")


def test_it_has_the_hash_of_each_file_and_of_each_checkpoint(trained: Trained) -> None:
    manifest = json.loads(trained.manifest())["manifest"]
    listed = trained.stack.http.get(f"/v1/jobs/{trained.id}/artifacts").json()["data"]

    hashes = {file["path"]: file["sha256"] for file in manifest["outputs"]["files"]}
    assert set(hashes) == SERVED | {PICKLE}
    on_disk = files_in(trained.outputs)
    assert hashes == {path: on_disk[path] for path in hashes}
    assert [step["step"] for step in manifest["checkpoints"]] == [2, 4, 5]
    for checkpoint in manifest["checkpoints"]:
        assert checkpoint["sha256"] == on_disk[f"checkpoint-{checkpoint['step']}/{CHECKPOINT_MANIFEST}"]
    manifests_apart = {one["path"]: one["sha256"] for one in listed if not one["path"].endswith(CHECKPOINT_MANIFEST)}
    assert manifests_apart == {path: on_disk[path] for path in manifests_apart}


def test_its_signature_is_checked_as_the_docs_say(trained: Trained) -> None:
    content = trained.manifest()
    shown = trained.stack.http.get("/v1/signing-key").json()

    signed = content.removeprefix(b'{"manifest":').rpartition(b',"signature":')[0]
    signature = json.loads(content)["signature"]
    key = load_pem_public_key(shown["public_key"].encode())

    assert isinstance(key, Ed25519PublicKey)
    key.verify(b64decode(signature["value"]), signed)
    assert signature["key_id"] == shown["id"] == hashlib.sha256(key.public_bytes_raw()).hexdigest()


def test_it_stays_as_it_was_first_given(trained: Trained) -> None:
    assert trained.manifest() == trained.manifest()


def test_a_job_that_failed_has_files_and_no_manifest(trained: Trained) -> None:
    stack = trained.stack
    job = stack.wait_for_end(stack.submit(max_steps=13), 120)

    answer = stack.http.get(f"/v1/jobs/{job['id']}/manifest")
    artifacts = stack.http.get(f"/v1/jobs/{job['id']}/artifacts").json()["data"]

    assert (job["status"], answer.status_code) == ("failed", 404)
    assert "is failed; only a job that has succeeded has a manifest" in answer.json()["error"]["message"]
    (weights,) = [one for one in artifacts if one["path"].endswith(".safetensors")]
    path = f"/v1/jobs/{job['id']}/artifacts/1/{weights['path']}"
    assert hashlib.sha256(stack.http.get(path).content).hexdigest() == weights["sha256"]


def test_what_its_worker_could_not_hash_is_hashed_when_it_is_asked_for(trained: Trained) -> None:
    stack = trained.stack
    job = stack.wait_for_end(stack.submit(max_steps=1), 120)
    outputs = stack.storage / job["result"]["path"]
    (outputs.parent / "axo_result.json").unlink()

    manifest = json.loads(stack.http.get(f"/v1/jobs/{job['id']}/manifest").content)["manifest"]

    on_disk = files_in(outputs)
    assert all(on_disk[file["path"]] == file["sha256"] for file in manifest["outputs"]["files"])
    assert manifest["datasets"] is None


def test_a_checkpoint_that_is_being_removed_is_no_part_of_a_result(job: JobUnderTest) -> None:
    outputs = job.attempt(1) / "outputs"
    for folder in (outputs, outputs / "checkpoint-3", outputs / ".checkpoint-2.removed"):
        folder.mkdir()
        (folder / "x.safetensors").write_bytes(b"weights")
    _succeeds(job)

    manifest = job.get("manifest").json()["manifest"]

    assert [file["path"] for file in manifest["outputs"]["files"]] == ["x.safetensors"]


def test_what_is_no_file_in_the_place_of_a_checkpoints_manifest_has_no_hash(job: JobUnderTest) -> None:
    folders = [job.attempt(1) / "outputs" / f"checkpoint-{step}" for step in (1, 2)]
    for step, folder in enumerate(folders, start=1):
        folder.mkdir(parents=True)
        row = {"id": new_id(CHECKPOINT), "attempt": 1, "step": step, "path": f"outputs/{folder.name}", "bytes": 1}
        job.has(checkpoints, row | {"created_at": now()})
    os.mkfifo(folders[0] / CHECKPOINT_MANIFEST)
    (folders[1] / CHECKPOINT_MANIFEST).mkdir()
    _succeeds(job)

    manifest = job.get("manifest").json()["manifest"]

    assert {one["step"]: one["sha256"] for one in manifest["checkpoints"]} == {1: None, 2: None}


def test_canonical_json_has_one_spelling_and_names_what_is_no_number() -> None:
    value = {"b": [1e-05, float("nan"), float("-inf"), None], "a": "größe\n"}

    assert canonical(value) == '{"a":"größe\\n","b":[1e-05,"nan","-inf",null]}'.encode()


@pytest.mark.parametrize(("most_bytes", "left"), [(10_000, ["manifest.json"]), (1000, [])])
def test_without_room_nothing_is_left_of_what_was_to_be_kept(tmp_path: Path, most_bytes: int, left: list[str]) -> None:
    program = "import sys, pathlib, axo_api.durable as d; d.publish_once(pathlib.Path(sys.argv[1]), b'x' * 5000)"
    limited = ["prlimit", f"--fsize={most_bytes}", sys.executable, "-B", "-c", program]

    done = subprocess.run([*limited, str(tmp_path / "manifest.json")], capture_output=True, check=False)

    assert (done.returncode == 0) is bool(left), done.stderr
    assert [path.name for path in tmp_path.iterdir()] == left


@pytest.fixture
def disk(job: JobUnderTest, tmp_path: Path) -> Iterator[SmallDisk]:
    """A small disk that holds all of a job."""
    if not can_mount(tmp_path):
        pytest.skip("mounting a small disk is not permitted here; root may")
    folder = job.api.storage_root / storage_paths.job(job.id)
    folder.mkdir(parents=True, exist_ok=True)
    mounted = SmallDisk(folder, megabytes=1)
    yield mounted
    mounted.close()


def test_a_service_without_room_for_a_manifest_says_so_and_makes_it_when_there_is_some(
    job: JobUnderTest, disk: SmallDisk
) -> None:
    (job.attempt(1) / "outputs").mkdir()
    (job.attempt(1) / "outputs" / "adapter_model.safetensors").write_bytes(b"weights")
    _succeeds(job)

    disk.fill()
    refused = job.get("manifest")
    left = [path.name for path in disk.path.glob("*manifest*")]
    disk.free()
    made = job.get("manifest")

    assert (refused.status_code, refused.json()["error"]["code"]) == (507, "storage_full")
    assert left == []
    (file,) = made.json()["manifest"]["outputs"]["files"]
    assert file["sha256"] == hashlib.sha256(b"weights").hexdigest()


def _succeeds(job: JobUnderTest) -> None:
    """Let the job have ended with a result, which is what lies in the outputs of its first attempt."""
    placed = {"worker_id": "w", "boot_id": "b", "gpus": [], "config": {"base_model": "org/model"}, "placed_at": now()}
    job.has(attempts, {"attempt": 1, **placed})
    engine = create_engine(job.api.database_url)
    with engine.begin() as connection:
        connection.execute(update(jobs).where(jobs.c.id == job.id).values(status="succeeded", result_attempt=1))
    engine.dispose()
