"""Files, uploads in parts, models and permissions, driven by OpenAI's unmodified Python client."""

import hashlib
import io
import json
from pathlib import Path

import openai
import pytest
from tests.api.control_plane import ControlPlane
from tests.api.standin_worker import StandInWorker
from tests.files.uploads import on_disk
from tests.openai_api.clients import CHAT, assert_as_typed, lines, upload
from tests.waiting import wait_for

from axo_contracts.storage_paths import attempt

HOUR = 3600


def trained(client: openai.OpenAI, service: ControlPlane, worker: StandInWorker) -> str:
    """Train a model, and return its name."""
    job_id = client.fine_tuning.jobs.create(model="org/base", training_file=upload(client), suffix="mine").id
    run = worker.run_next()
    run.trains(1)
    run.saves(1)
    outputs = service.storage_root / attempt(job_id, 1) / "outputs"
    outputs.mkdir(parents=True)
    (outputs / "adapter_model.safetensors").write_bytes(b"weights")
    run.finishes()
    model = wait_for(lambda: client.fine_tuning.jobs.retrieve(job_id).fine_tuned_model, "the model")
    return str(model)


def test_a_file_is_uploaded_listed_read_and_deleted(client: openai.OpenAI) -> None:
    content = lines(CHAT)

    file = client.files.create(file=("rows.jsonl", content), purpose="fine-tune")

    assert_as_typed(file)
    assert (file.status, file.bytes, file.filename, file.expires_at) == ("processed", len(content), "rows.jsonl", None)
    assert client.files.wait_for_processing(file.id).status == "processed"
    assert client.files.content(file.id).read() == content
    assert file.id in [listed.id for listed in client.files.list(limit=1, purpose="fine-tune")]
    newest_last = [listed.id for listed in client.files.list(order="asc", limit=2)]
    assert newest_last == sorted(newest_last)
    deleted = client.files.delete(file.id)
    assert_as_typed(deleted)
    assert deleted.deleted
    with pytest.raises(openai.NotFoundError):
        client.files.retrieve(file.id)


def test_waiting_for_a_file_with_bad_rows_ends(client: openai.OpenAI) -> None:
    file = client.files.create(file=("rows.jsonl", b'{"messages": 1}\n'), purpose="fine-tune")

    processed = client.files.wait_for_processing(file.id)

    assert_as_typed(processed)
    assert processed.status == "error"
    assert "row 1" in str(processed.status_details)
    with pytest.raises(openai.BadRequestError) as refusal:
        client.fine_tuning.jobs.create(model="org/base", training_file=file.id)
    assert refusal.value.param == "training_file"


def test_a_file_may_expire(client: openai.OpenAI) -> None:
    file = client.files.create(
        file=("rows.jsonl", lines(CHAT)),
        purpose="fine-tune",
        expires_after={"anchor": "created_at", "seconds": 2 * HOUR},
    )

    assert_as_typed(file)
    assert file.expires_at == file.created_at + 2 * HOUR
    with pytest.raises(openai.BadRequestError, match="3600"):
        client.files.create(
            file=("rows.jsonl", lines(CHAT)),
            purpose="fine-tune",
            expires_after={"anchor": "created_at", "seconds": 60},
        )


def test_a_name_with_folders_is_the_name_alone(client: openai.OpenAI) -> None:
    file = client.files.create(file=("/home/me/rows.jsonl", lines(CHAT)), purpose="fine-tune")

    assert file.filename == "rows.jsonl"


def test_what_is_no_data_file_is_a_bad_request(client: openai.OpenAI) -> None:
    for name, content, purpose in (("rows.txt", b"{}", "fine-tune"), ("rows.jsonl", lines(CHAT), "assistants")):
        with pytest.raises(openai.BadRequestError):
            client.files.create(file=(name, content), purpose=purpose)  # type: ignore[arg-type]


def test_parts_make_a_file_in_the_order_that_is_said(client: openai.OpenAI, service: ControlPlane) -> None:
    content = lines(CHAT)
    half = len(content) // 2
    begun = client.uploads.create(
        bytes=len(content), filename="rows.jsonl", mime_type="application/jsonl", purpose="fine-tune"
    )
    assert_as_typed(begun)
    second = client.uploads.parts.create(begun.id, data=content[half:])
    first = client.uploads.parts.create(begun.id, data=content[:half])
    assert_as_typed(first)

    with pytest.raises(openai.BadRequestError, match="md5"):
        client.uploads.complete(begun.id, part_ids=[first.id, second.id], md5="0" * 32)
    whole = client.uploads.complete(
        begun.id, part_ids=[first.id, second.id], md5=hashlib.md5(content, usedforsecurity=False).hexdigest()
    )

    assert_as_typed(whole)
    assert whole.status == "completed"
    assert whole.file is not None
    assert client.files.content(whole.file.id).read() == content
    assert client.uploads.complete(begun.id, part_ids=[first.id, second.id]).file == whole.file
    assert not [name for name in on_disk(service) if name.startswith("part-")]


def test_a_large_file_is_uploaded_in_chunks(client: openai.OpenAI, tmp_path: Path) -> None:
    path = tmp_path / "large.jsonl"
    row = json.dumps({"messages": [{"role": "user", "content": "?"}, {"role": "assistant", "content": "a" * 1000}]})
    path.write_text(f"{row}\n" * 3000)

    whole = client.uploads.upload_file_chunked(
        file=path, mime_type="application/jsonl", purpose="fine-tune", part_size=1_000_000
    )
    from_memory = client.uploads.upload_file_chunked(
        file=path.read_bytes(),
        filename="large.jsonl",
        bytes=path.stat().st_size,
        mime_type="application/jsonl",
        purpose="fine-tune",
    )

    for done in (whole, from_memory):
        assert done.file is not None
        assert done.file.bytes == path.stat().st_size
        assert done.file.status == "processed"


def test_an_upload_is_cancelled_and_takes_nothing_more(client: openai.OpenAI, service: ControlPlane) -> None:
    begun = client.uploads.create(bytes=5, filename="rows.jsonl", mime_type="text/plain", purpose="fine-tune")
    part = client.uploads.parts.create(begun.id, data=io.BytesIO(b"12345"))

    cancelled = client.uploads.cancel(begun.id)

    assert_as_typed(cancelled)
    assert cancelled.status == "cancelled"
    assert part.id not in on_disk(service)
    for call in (
        lambda: client.uploads.parts.create(begun.id, data=b"1"),
        lambda: client.uploads.complete(begun.id, part_ids=[part.id]),
    ):
        with pytest.raises(openai.ConflictError):
            call()


@pytest.mark.parametrize("missing", ["a part", "bytes"])
def test_parts_that_do_not_add_up_are_refused(client: openai.OpenAI, missing: str) -> None:
    content = lines(CHAT)
    begun = client.uploads.create(
        bytes=len(content), filename="rows.jsonl", mime_type="application/jsonl", purpose="fine-tune"
    )
    part = client.uploads.parts.create(begun.id, data=content[:-1])

    with pytest.raises(openai.BadRequestError) as refusal:
        client.uploads.complete(begun.id, part_ids=["part-none"] if missing == "a part" else [part.id])

    assert refusal.value.param == "part_ids"


def test_a_trained_model_is_listed_shown_and_deleted(
    client: openai.OpenAI, service: ControlPlane, worker: StandInWorker
) -> None:
    name = trained(client, service, worker)

    model = client.models.retrieve(name)

    assert_as_typed(model)
    assert (model.id, model.owned_by) == (name, "local")
    listed = [one.id for one in client.models.list()]
    assert {name, "gpt-4o-mini"} <= set(listed)
    assert client.models.retrieve("gpt-4o-mini").id == "gpt-4o-mini"
    deleted = client.models.delete(name)
    assert_as_typed(deleted)
    assert deleted.deleted
    assert not list(service.storage_root.glob(f"jobs/*{name.rpartition(':')[2]}/**/adapter_model.safetensors"))
    assert name not in [one.id for one in client.models.list()]
    for call in (client.models.retrieve, client.models.delete):
        with pytest.raises(openai.NotFoundError) as refusal:
            call(name)
        assert refusal.value.code == "model_not_found"


def test_a_checkpoint_is_a_model_whose_permissions_are_kept(
    client: openai.OpenAI, service: ControlPlane, worker: StandInWorker
) -> None:
    checkpoint = f"{trained(client, service, worker)}:ckpt-step-1"
    assert client.models.retrieve(checkpoint).id == checkpoint
    permissions = client.fine_tuning.checkpoints.permissions

    made = permissions.create(checkpoint, project_ids=["proj_a", "proj_b", "proj_c"]).data

    for permission in made:
        assert_as_typed(permission)
    assert [permission.project_id for permission in made] == ["proj_a", "proj_b", "proj_c"]
    again = permissions.create(checkpoint, project_ids=["proj_a"]).data
    assert [permission.id for permission in again] == [made[0].id]
    listed = list(permissions.list(checkpoint, limit=2))
    assert {permission.project_id for permission in listed} == {"proj_a", "proj_b", "proj_c"}
    assert len(listed) == 3
    of_one = list(permissions.list(checkpoint, project_id="proj_b", order="ascending"))
    assert [permission.project_id for permission in of_one] == ["proj_b"]
    deleted = permissions.delete(made[0].id, fine_tuned_model_checkpoint=checkpoint)
    assert_as_typed(deleted)
    assert len(list(permissions.list(checkpoint))) == 2
    with pytest.raises(openai.NotFoundError):
        permissions.create(f"{checkpoint}9", project_ids=["proj_a"])
