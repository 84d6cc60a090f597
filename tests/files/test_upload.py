"""Uploading: a file is either there, whole and checked, or nothing of it is."""

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.api_process import ApiProcess
from tests.files.uploads import (
    CHAT,
    MULTIPART,
    PREFERENCE,
    begin_upload,
    last,
    on_disk,
    part,
    post,
    rows,
    upload,
    uploaded,
)

from axo_api.database import Database
from axo_api.files.incoming import IncomingFile
from axo_api.files.sweeping import SETTLED_SECONDS, sweep
from axo_api.migrations import upgrade
from axo_contracts import storage_paths
from axo_contracts.ids import FILE as FILE_ID
from axo_contracts.ids import new_id

PURPOSE = part('name="purpose"', b"fine-tune")
FILE = part('name="file"; filename="rows.jsonl"', rows(CHAT))


def test_an_upload_is_stored_as_it_was_sent(api: ApiProcess) -> None:
    content = rows(*[CHAT] * 1000, {**CHAT, "note": "Grüße\u2028世界"})

    file = upload(api, content, name="größe 1.jsonl").json()

    assert file["object"] == "file"
    assert file["filename"] == "größe 1.jsonl"
    assert (file["bytes"], file["rows"], file["bad_rows"]) == (len(content), 1001, 0)
    assert file["sha256"] == hashlib.sha256(content).hexdigest()
    assert api.http.get(f"/v1/files/{file['id']}/content").content == content
    assert api.http.get(f"/v1/files/{file['id']}").json() == file


def test_the_fields_may_come_in_either_order(api: ApiProcess) -> None:
    assert post(api, PURPOSE + FILE + last()).status_code == 201
    assert post(api, FILE + PURPOSE + last()).status_code == 201


def test_preference_rows_are_told_from_chat_rows(api: ApiProcess) -> None:
    assert upload(api, rows(PREFERENCE, PREFERENCE)).json()["format"] == "preference"
    assert upload(api, rows(CHAT, CHAT)).json()["format"] == "chat_template"


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (PURPOSE + last(), 400, "file: this field is required"),
        (FILE + last(), 400, "purpose: this field is required"),
        (PURPOSE + FILE, 400, "cut off"),
        (PURPOSE + FILE[:-40], 400, "cut off"),
        (b"", 400, "cut off"),
        (b"no multipart at all", 400, "not well-formed"),
        (part('name="purpose"', b"assistants") + FILE + last(), 400, "purpose: 'assistants' is none of fine-tune"),
        (part('name="purpose"', b"x" * 2000) + FILE + last(), 400, "purpose: it is longer"),
        (PURPOSE + part('name="colour"', b"red") + last(), 400, "'colour': there is no such field"),
        (PURPOSE + FILE + FILE + last(), 400, "file: it is given twice"),
        (PURPOSE + part('name="file"', rows(CHAT)) + last(), 400, "no filename"),
        (PURPOSE + part('name="file"; filename="r.jsonl"', b"") + last(), 400, "file: it is empty"),
        (PURPOSE + part('name="file"; filename="r.jsonl"', b"\n\n \n") + last(), 400, "file: it is empty"),
        (PURPOSE + part('name="file"; filename="r.txt"', rows(CHAT)) + last(), 400, "'r.txt' is not .jsonl"),
        (PURPOSE + part('name="file"; filename="../../"', rows(CHAT)) + last(), 400, "no file name"),
        (PURPOSE + part('name="file"; filename="a\x07b.jsonl"', rows(CHAT)) + last(), 400, "no file name"),
        (PURPOSE + part(f'name="file"; filename="{"n" * 300}.jsonl"', rows(CHAT)) + last(), 400, "longer than 255"),
        (PURPOSE + b"--a-boundary\r\nX: 1\r\n\r\nwho am I\r\n" + last(), 400, "'': there is no such field"),
    ],
)
def test_a_bad_upload_is_refused_and_nothing_of_it_is_kept(
    api: ApiProcess, body: bytes, status: int, says: str
) -> None:
    before = on_disk(api)

    answer = post(api, body)

    assert answer.status_code == status
    assert says in answer.json()["error"]["message"]
    assert on_disk(api) == before


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data", "multipart/form-data; boundary="])
def test_a_body_of_another_kind_is_refused(api: ApiProcess, content_type: str) -> None:
    answer = post(api, PURPOSE + FILE + last(), content_type)

    assert answer.status_code == 400
    assert "multipart/form-data" in answer.json()["error"]["message"]


def test_a_client_that_drops_in_the_middle_leaves_nothing(api: ApiProcess) -> None:
    before = on_disk(api)

    connection = begin_upload(api, rows(*[CHAT] * 10_000))
    _wait(lambda: on_disk(api) != before)
    connection.close()

    _wait(lambda: on_disk(api) == before)
    assert "ERROR" not in api.output.read_text()


def test_a_full_disk_is_said_and_leaves_nothing(own_api: ApiProcess) -> None:
    own_api.start(file_size_limit=4_000_000)

    answer = upload(own_api, rows(CHAT) * 100_000)

    assert answer.status_code == 507
    assert answer.json()["error"]["code"] == "storage_full"
    assert on_disk(own_api) == set()
    assert upload(own_api, rows(CHAT)).status_code == 201


async def test_a_start_removes_what_a_killed_service_left_and_a_sweep_nothing_that_goes_on(
    own_api: ApiProcess,
) -> None:
    own_api.start()
    kept = uploaded(own_api, rows(CHAT))
    with begin_upload(own_api, rows(*[CHAT] * 10_000)):
        _wait(lambda: len(on_disk(own_api)) == 2)
        own_api.kill()

    own_api.start()

    assert on_disk(own_api) == {kept}
    with begin_upload(own_api, rows(*[CHAT] * 10_000)):
        _wait(lambda: len(on_disk(own_api)) == 2)
        database = Database(own_api.database_url)
        assert await sweep(database, own_api.storage_root) == 0
        database.close()
        assert len(on_disk(own_api)) == 2


async def test_a_sweep_removes_contents_that_have_had_no_row_for_long(own_api: ApiProcess) -> None:
    own_api.start()
    kept = uploaded(own_api, rows(CHAT))
    contents = [own_api.storage_root / storage_paths.uploaded_file(new_id(FILE_ID)) for _ in range(2)]
    long_ago = time.time() - SETTLED_SECONDS - 1
    for content in contents:
        content.parent.mkdir(exist_ok=True)
        content.write_bytes(rows(CHAT))
    os.utime(contents[0], (long_ago, long_ago))
    os.utime(own_api.storage_root / storage_paths.uploaded_file(kept), (long_ago, long_ago))
    database = Database(own_api.database_url)

    swept = await sweep(database, own_api.storage_root)

    database.close()
    assert swept == 1
    assert on_disk(own_api) == {kept, contents[1].name}


async def test_what_was_sent_long_before_it_is_kept_is_not_swept_until_it_has_its_row(tmp_path: Path) -> None:
    database = Database(url := f"sqlite:///{tmp_path}/axo.db")
    upgrade(url)
    incoming = IncomingFile(tmp_path, "upload-1")
    incoming.write(rows(CHAT))
    long_ago = time.time() - 2 * SETTLED_SECONDS
    os.utime(incoming.path, (long_ago, long_ago))
    content = tmp_path / storage_paths.uploaded_file(new_id(FILE_ID))
    incoming.keep(content)
    incoming.close()

    swept = await sweep(database, tmp_path)

    database.close()
    assert (swept, content.exists()) == (0, True)


def test_a_large_upload_takes_little_memory(api: ApiProcess) -> None:
    block = rows({**CHAT, "note": "x" * 1000}) * 1000
    blocks = 100

    def body() -> Iterator[bytes]:
        yield PURPOSE + part('name="file"; filename="r.jsonl"', b"").removesuffix(b"\r\n")
        for _ in range(blocks):
            yield block
        yield b"\r\n" + last()

    before = api.memory_bytes()
    headers = {"Content-Type": MULTIPART}
    answer = api.http.post("/v1/files", content=body(), headers=headers, timeout=60)

    assert answer.json()["rows"] == 1000 * blocks
    assert api.memory_bytes() - before < 30_000_000


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
