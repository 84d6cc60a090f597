"""An upload in several requests: whatever breaks it, it goes on where it stopped, and becomes the same file."""

import hashlib
import socket
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from tests.api_process import ApiProcess
from tests.files.uploads import CHAT, on_disk, rows, upload

from axo_api.clock import now
from axo_api.database import Database
from axo_api.files.sweeping import sweep
from axo_api.tables import uploads

CONTENT = rows(*({**CHAT, "number": number} for number in range(3000)))
CUTS = (0, 7, 100_000, 100_001, len(CONTENT))


def test_a_raw_body_is_a_file(api: ApiProcess) -> None:
    answer = api.http.put("/v1/files", params={"filename": "größe.jsonl"}, content=CONTENT)

    assert answer.status_code == 201, answer.text
    assert answer.json()["filename"] == "größe.jsonl"
    assert answer.json()["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert api.http.get(f"/v1/files/{answer.json()['id']}/content").content == CONTENT


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({}, "filename"),
        ({"filename": "rows/"}, "filename: '' is no file name"),
        ({"filename": "rows\x01.jsonl"}, "no file name"),
        ({"filename": "n" * 300 + ".jsonl"}, "longer than 255 bytes"),
        ({"filename": "rows"}, "'rows' is not .jsonl"),
        ({"filename": "rows.jsonl", "purpose": "assistants"}, "purpose: 'assistants' is none of fine-tune"),
    ],
)
def test_a_raw_body_needs_a_name_and_a_purpose(api: ApiProcess, params: dict[str, str], says: str) -> None:
    before = on_disk(api)

    answer = api.http.put("/v1/files", params=params, content=CONTENT)
    begun = api.http.post("/v1/files/uploads", json=params)

    assert (answer.status_code, begun.status_code) == (400, 400)
    assert says in answer.json()["error"]["message"]
    assert on_disk(api) == before


def test_an_upload_in_pieces_is_the_same_file(api: ApiProcess) -> None:
    digest = hashlib.sha256(CONTENT).hexdigest()
    url = _begin(api, bytes=len(CONTENT), sha256=digest)

    for start, end in pairwise(CUTS):
        answer = api.http.put(url, content=CONTENT[start:end], headers={"Upload-Offset": str(start)})
        assert answer.status_code == 200, answer.text

    done = answer.json()
    assert (done["status"], done["offset"], done["file"]["sha256"]) == ("completed", len(CONTENT), digest)
    assert (done["file"]["rows"], done["file"]["bad_rows"]) == (3000, 0)
    assert api.http.get(f"/v1/files/{done['file']['id']}/content").content == CONTENT
    assert api.http.get(url).json() == done
    assert api.http.post(f"{url}/complete").json() == done
    assert api.http.put(url, content=b"x", headers={"Upload-Offset": str(len(CONTENT))}).status_code == 409


def test_an_upload_of_unknown_size_is_completed_on_request(api: ApiProcess) -> None:
    url = _begin(api)

    for start, end in pairwise(CUTS):
        api.http.put(url, content=CONTENT[start:end], headers={"Content-Range": f"bytes {start}-{end - 1}/*"})
        assert api.http.head(url).headers["Upload-Offset"] == str(end)
    done = api.http.post(f"{url}/complete").json()

    assert (done["status"], done["file"]["bytes"]) == ("completed", len(CONTENT))


def test_a_wrong_offset_is_told_the_right_one(api: ApiProcess) -> None:
    url = _begin(api, bytes=len(CONTENT))
    api.http.put(url, content=CONTENT[:1000], headers={"Upload-Offset": "0"})

    for offset in (0, 999, 1001):
        answer = api.http.put(url, content=CONTENT[1000:], headers={"Upload-Offset": str(offset)})

        assert answer.status_code == 409
        assert answer.headers["Upload-Offset"] == "1000"
        assert answer.json()["error"]["errors"][0]["offset"] == 1000
    assert api.http.get(url).json()["offset"] == 1000
    assert api.http.put(url, content=b"").json()["error"]["param"] == "Upload-Offset"


def test_a_broken_connection_keeps_what_arrived(api: ApiProcess) -> None:
    url = _begin(api, bytes=len(CONTENT))
    with _sending(api, url, CONTENT[:150_000]):
        pass
    _wait(lambda: api.http.get(url).json()["offset"] > 0)

    _wait(lambda: _goes_on(api, url))

    assert api.http.get(url).json()["file"]["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert "ERROR" not in api.output.read_text()


def test_one_request_at_a_time_adds_to_an_upload(api: ApiProcess) -> None:
    url = _begin(api, bytes=len(CONTENT))
    with _sending(api, url, CONTENT[:150_000]):
        _wait(lambda: "Another request" in _refusal(api, url, offset=1))

    _wait(lambda: _goes_on(api, url))


def test_an_upload_goes_on_after_the_service_was_killed(own_api: ApiProcess) -> None:
    own_api.start()
    url = _begin(own_api, bytes=len(CONTENT))
    own_api.http.put(url, content=CONTENT[:100_000], headers={"Upload-Offset": "0"})
    own_api.kill()

    own_api.start()
    reached = own_api.http.get(url).json()["offset"]
    done = own_api.http.put(url, content=CONTENT[reached:], headers={"Upload-Offset": str(reached)}).json()

    assert reached == 100_000
    assert (done["file"]["rows"], done["file"]["sha256"]) == (3000, hashlib.sha256(CONTENT).hexdigest())


def test_more_bytes_than_were_said_are_refused(api: ApiProcess) -> None:
    url = _begin(api, bytes=1000)

    answer = api.http.put(url, content=CONTENT[:1001], headers={"Upload-Offset": "0"})

    assert answer.status_code == 400
    assert "was to have 1000 bytes" in answer.json()["error"]["message"]


def test_fewer_bytes_than_were_said_are_no_file_yet(api: ApiProcess) -> None:
    url = _begin(api, bytes=1000)
    api.http.put(url, content=CONTENT[:999], headers={"Upload-Offset": "0"})

    answer = api.http.post(f"{url}/complete")

    assert answer.status_code == 409
    assert "999 of its 1000 bytes" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("begun", "content", "says"),
    [
        ({"sha256": "0" * 64}, CONTENT, "its SHA-256 is"),
        ({}, b"\n", "it is empty"),
        ({"filename": "rows.jsonl.gz"}, CONTENT, "its name says gzip"),
    ],
)
def test_what_can_be_no_file_ends_its_upload_and_leaves_nothing(
    api: ApiProcess, begun: dict[str, str], content: bytes, says: str
) -> None:
    before = on_disk(api)
    url = _begin(api, bytes=len(content), **begun)

    answer = api.http.put(url, content=content, headers={"Upload-Offset": "0"})

    assert answer.status_code == 400
    assert says in answer.json()["error"]["message"]
    assert api.http.get(url).json()["status"] == "failed"
    assert on_disk(api) == before
    assert upload(api, rows(CHAT)).status_code == 201


def test_a_full_disk_keeps_what_came_before(own_api: ApiProcess) -> None:
    own_api.start(file_size_limit=4_000_000)
    url = _begin(own_api)

    answer = own_api.http.put(url, content=CONTENT * 20, headers={"Upload-Offset": "0"}, timeout=60)

    assert answer.status_code == 507
    assert own_api.http.get(url).json()["offset"] == 4_000_000


def test_a_cancelled_upload_leaves_nothing(api: ApiProcess) -> None:
    before = on_disk(api)
    url = _begin(api)
    api.http.put(url, content=CONTENT, headers={"Upload-Offset": "0"})

    cancelled = api.http.delete(url)

    assert cancelled.json()["status"] == "cancelled"
    assert on_disk(api) == before
    assert api.http.put(url, content=CONTENT, headers={"Upload-Offset": "0"}).status_code == 409


async def test_an_upload_that_nobody_goes_on_with_expires_and_is_swept(own_api: ApiProcess) -> None:
    own_api.start()
    late, waiting = _begin(own_api), _begin(own_api)
    for url in (late, waiting):
        own_api.http.put(url, content=CONTENT, headers={"Upload-Offset": "0"})
    database = Database(own_api.database_url)
    is_late = uploads.c.id == late.rsplit("/", 1)[1]
    await database.write(
        lambda connection: connection.execute(uploads.update().where(is_late).values(expires_at=now()))
    )

    swept = await sweep(database, own_api.storage_root)

    database.close()
    assert swept == 1
    assert own_api.http.get(late).json()["status"] == "expired"
    assert own_api.http.get(waiting).json()["offset"] == len(CONTENT)
    assert on_disk(own_api) == {waiting.rsplit("/", 1)[1]}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
def test_an_unknown_upload_is_not_there(api: ApiProcess, method: str) -> None:
    headers = {"Upload-Offset": "0"}

    assert api.http.request(method, f"/v1/files/uploads/upload-{'0' * 26}", headers=headers).status_code == 404
    assert api.http.request(method, "/v1/files/uploads/..%2f..", headers=headers).status_code in {404, 405, 400}


def _begin(api: ApiProcess, **fields: Any) -> str:
    answer = api.http.post("/v1/files/uploads", json={"filename": "rows.jsonl", **fields})
    assert answer.status_code == 201, answer.text
    return f"{api.url}/v1/files/uploads/{answer.json()['id']}"


def _sending(api: ApiProcess, url: str, content: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", api.port))
    path = url.removeprefix(api.url)
    connection.sendall(
        f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpload-Offset: 0\r\nContent-Length: 1000000\r\n\r\n".encode()
    )
    connection.sendall(content)
    return connection


def _goes_on(api: ApiProcess, url: str) -> bool:
    """Send the rest; return whether it was taken. The request before may not have ended yet."""
    offset = api.http.get(url).json()["offset"]
    answer = api.http.put(url, content=CONTENT[offset:], headers={"Upload-Offset": str(offset)})
    return answer.status_code == 200


def _refusal(api: ApiProcess, url: str, *, offset: int) -> str:
    answer = api.http.put(url, content=b"x", headers={"Upload-Offset": str(offset)})
    return str(answer.json()["error"]["message"])


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
