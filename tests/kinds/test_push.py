"""Results taken away: to a hub that speaks the Hugging Face Hub's protocol, and to a folder by fsspec."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.kinds.push_hub import TOKEN, PushHub, Repository
from tests.loopback_server import running
from tests.stack.embedded import EmbeddedStack, wait_for

TRAINER_PYTHON = os.environ.get("AXO_TRAINER_PYTHON", "")

pytestmark = [
    pytest.mark.trainer,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not TRAINER_PYTHON, reason="AXO_TRAINER_PYTHON names no Python with huggingface_hub"),
]


@pytest.fixture(scope="module")
def hub() -> Iterator[PushHub]:
    """A hub that takes pushes."""
    with running(PushHub()) as hub:
        yield hub


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder below which each owner has one."""
    return tmp_path_factory.mktemp("exports")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, hub: PushHub, exports: Path) -> Iterator[EmbeddedStack]:
    """A stack whose worker has a token for the hub."""
    allowed = ["hf://me", "hf://others", "s3://bucket", f"file://{exports}/{{owner}}"]
    settings = {"AXO_PUSH_DESTINATIONS": json.dumps(allowed), "HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN}
    with EmbeddedStack(tmp_path_factory.mktemp("stack"), trainer="leaves_files", **settings) as stack:
        yield stack


@pytest.fixture(scope="module")
def model(stack: EmbeddedStack) -> str:
    """The name of a result, with checkpoints of the steps 2 and 4."""
    job = stack.wait_for_end(stack.submit(max_steps=5, name="kept"), 120)
    assert job["status"] == "succeeded", job
    return next(
        str(found["id"]) for found in stack.http.get("/v1/models").json()["data"] if found["job_id"] == job["id"]
    )


@pytest.fixture(scope="module")
def manifest(stack: EmbeddedStack, model: str) -> bytes:
    """The signed manifest of the result."""
    return stack.http.get(f"/v1/jobs/{job_of(stack, model)}/manifest").content


def test_a_result_lies_on_a_hub_in_one_commit_with_its_manifest(
    stack: EmbeddedStack, hub: PushHub, model: str, manifest: bytes
) -> None:
    said = axo(stack, "push", model, "hf://me/kept")
    again = push(stack, model, "hf://me/kept")

    assert said.returncode == 0, said.stdout + said.stderr
    assert again["status"] == "succeeded", again["error"]
    repository = hub.repositories["me/kept"]
    served = {file["path"]: file["bytes"] for file in _served(manifest)}
    assert repository.private
    assert repository.files.keys() == {*served, "manifest.json", "README.md"}
    assert repository.files["manifest.json"] == manifest
    assert {name: len(repository.files[name]) for name in served} == served
    assert f"trained by axo in the job {job_of(stack, model)}".encode() in repository.files["README.md"]
    assert len(repository.commits) == 2, "the empty one, and ours: the second push found nothing to change"
    assert hub.tokens == {TOKEN}
    assert f"lies at hf://me/kept in commit {pushed(stack, again)['revision']}" in said.stdout


def test_a_checkpoint_is_pushed_with_the_hashes_of_its_worker(stack: EmbeddedStack, hub: PushHub, model: str) -> None:
    job = push(stack, f"{model}:ckpt-step-2", "hf://me/checkpoint", private=False)

    assert job["status"] == "succeeded", job["error"]
    repository = hub.repositories["me/checkpoint"]
    told = {file["path"] for file in json.loads(repository.files["axo_checkpoint.json"])["files"]}
    left_out = set(pushed(stack, job)["left_out"])
    assert not repository.private
    assert repository.files.keys() == told - left_out | {"axo_checkpoint.json", "README.md"}


def test_what_arrives_spoilt_or_at_the_wrong_place_fails_the_push(
    stack: EmbeddedStack, hub: PushHub, model: str
) -> None:
    hub.repositories["me/public"] = Repository(private=False)
    hub.objects.clear()
    hub.spoil = lambda content: bytes(len(content))  # type: ignore[assignment]

    spoilt = push(stack, model, "hf://me/spoilt")
    hub.spoil = bytes
    forbidden = push(stack, model, "hf://others/kept")
    public = push(stack, model, "hf://me/public")
    no_package = push(stack, model, "s3://bucket/kept")

    ends = [spoilt, forbidden, public, no_package]
    assert {job["reason"] for job in ends} == {"destination_unavailable"}
    assert "model-large.safetensors arrived at hf://me/spoilt with another content" in spoilt["message"]
    assert "the rights to create a model under the namespace others" in forbidden["message"]
    assert "hf://me/public is public already" in public["message"]
    assert hub.repositories["me/public"].files == {}
    assert "the trainer's environment lacks a package" in no_package["message"]


def test_a_push_that_is_cancelled_leaves_nothing_on_the_hub(stack: EmbeddedStack, hub: PushHub, model: str) -> None:
    hub.objects.clear()
    hub.uploading.clear()
    hub.holds_uploads.set()

    job_id = stack.submit({"kind": "push", "model": model, "to": "hf://me/cancelled"})
    wait_for(hub.uploading.is_set, lambda: f"an upload to begin: {stack.job(job_id)}", 60)
    stack.tell(job_id, "cancel")
    ended = stack.wait_for_end(job_id)
    hub.holds_uploads.clear()

    assert ended["status"] == "cancelled"
    assert hub.repositories["me/cancelled"].files == {}


def test_a_folder_has_the_result_whole_and_nothing_is_overwritten(
    stack: EmbeddedStack, exports: Path, model: str, manifest: bytes
) -> None:
    place = exports / "local" / "kept"

    first, second = (push(stack, model, f"file://{place}") for _ in range(2))
    other = push(stack, f"{model}:ckpt-step-4", f"file://{place}")
    (exports / "local" / "full").mkdir()
    (exports / "local" / "full" / "letters.txt").write_text("mine")
    full = push(stack, model, f"file://{exports}/local/full")
    verified = axo(stack, "verify", str(place))

    assert [first["status"], second["status"]] == ["succeeded", "succeeded"], (first["error"], second["error"])
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert (place / "manifest.json").read_bytes() == manifest
    assert "is not empty, and nothing is overwritten" in other["message"]
    assert "is not empty" in full["message"]
    assert [path.name for path in (exports / "local" / "full").iterdir()] == ["letters.txt"]


def test_the_half_of_a_push_is_made_whole(stack: EmbeddedStack, exports: Path, model: str, manifest: bytes) -> None:
    half = exports / "local" / "half"
    half.mkdir(parents=True)
    (half / "manifest.json.part").write_bytes(manifest)
    (half / "model-large.safetensors").write_bytes(bytes(1000))

    job = push(stack, model, f"file://{half}")

    assert job["status"] == "succeeded", job["error"]
    assert axo(stack, "verify", str(half)).returncode == 0


def test_where_nothing_may_go_is_refused_when_it_is_submitted(stack: EmbeddedStack, exports: Path, model: str) -> None:
    def refusal(**spec: Any) -> str:
        answer = stack.http.post("/v1/jobs", json={"kind": "push", "model": model, **spec})
        assert answer.status_code in {404, 422}, answer.text
        return str(answer.json()["error"]["message"])

    assert "is outside of where results may be taken" in refusal(to="hf://somebody/kept")
    assert "is outside of where results may be taken" in refusal(to=f"file://{exports}/somebody/kept")
    assert "give hf://OWNER/REPO" in refusal(to="s3://key:secret@bucket/kept")
    assert "give hf://OWNER/REPO" in refusal(to=f"file://{exports}/local/../x")
    assert "only what was trained here is pushed" in refusal(to="hf://me/kept", model="org/model")
    assert "There is no model" in refusal(to="hf://me/kept", model=f"{model[:-4]}0000")


def push(stack: EmbeddedStack, model: str, to: str, *, private: bool = True) -> dict[str, Any]:
    """Push a model, and return the job that has ended."""
    return stack.wait_for_end(stack.submit({"kind": "push", "model": model, "to": to, "private": private}), 120)


def pushed(stack: EmbeddedStack, job: dict[str, Any]) -> dict[str, Any]:
    """Return what a push says that it has brought."""
    answer = stack.http.get(f"/v1/jobs/{job['id']}/artifacts/{job['result']['attempt']}/push.json")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def job_of(stack: EmbeddedStack, model: str) -> str:
    """Return the id of the job that has trained a model."""
    return str(stack.http.get(f"/v1/models/{model}").json()["job_id"])


def axo(stack: EmbeddedStack, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of `axo` against the stack."""
    command = [sys.executable, "-m", "axo_cli", *arguments, "--url", stack.url]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)


def _served(manifest: bytes) -> list[dict[str, Any]]:
    files = json.loads(manifest)["manifest"]["outputs"]["files"]
    return [file for file in files if not file["pickle"]]
