"""What people and programs send by mistake or on purpose: each gets its reason, and the next request works."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.api_process import ApiProcess
from tests.files.uploads import CHAT, MULTIPART, last, on_disk, part, post, rows, upload

GOOD = rows(CHAT)
DUPLICATE = b'{"messages": [{"role": "user", "role": "user", "content": "a"}]}\n'
TWICE = b'{"messages": [{"role": "user", "content": "b"}], "messages": [{"role": "user", "content": "a"}]}\n'
DEEP = b'{"messages": [{"role": "user", "content": "a"}], "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n"

BAD_ROWS = {
    "byte order mark": (b"\xef\xbb\xbf" + GOOD, "byte order mark"),
    "invalid UTF-8": (b'{"messages": [{"role": "user", "content": "\xe9"}]}\n', "byte 43 is not UTF-8"),
    "invalid UTF-8 where nobody looks": (GOOD.replace(b"}\n", b', "x": "\xe9"}\n'), "is not UTF-8"),
    "duplicate keys": (DUPLICATE, "the key 'role' twice"),
    "duplicate rows of messages": (TWICE, "the key 'messages' twice"),
    "NaN": (GOOD.replace(b"}\n", b', "score": NaN}\n'), "not JSON: invalid character"),
    "infinity": (GOOD.replace(b"}\n", b', "score": -Infinity}\n'), "not JSON"),
    "a NUL": (GOOD.replace(b"2 + 2", b"2\x002"), "NUL bytes"),
    "only NULs": (b"\x00" * 1000 + b"\n", "NUL bytes"),
    "half a surrogate": (GOOD.replace(b"2 + 2", b"\\ud800"), "not JSON"),
    "deep nesting": (DEEP, "nested too deeply"),
    "an array": (b"[1, 2]\n", "Expected `object`, got `array`"),
    "a number": (b"17\n", "Expected `object`, got `int`"),
    "two objects on a line": (GOOD.rstrip(b"\n") + GOOD, "trailing characters"),
}


@pytest.mark.parametrize(("row", "reason"), BAD_ROWS.values(), ids=BAD_ROWS.keys())
def test_a_bad_row_is_told_by_row_line_reason_and_excerpt(api: ApiProcess, row: bytes, reason: str) -> None:
    file = upload(api, GOOD * 100 + b"\n" + row + GOOD).json()

    report = api.http.get(f"/v1/files/{file['id']}/report").json()

    assert (report["rows"], report["bad_rows"]) == (102, 1)
    problem = report["problems"][0]
    assert (problem["row"], problem["line"]) == (101, 102)
    assert reason in problem["reason"]
    assert problem["excerpt"]


def test_a_truncated_last_line_is_told(api: ApiProcess) -> None:
    file = upload(api, GOOD * 3 + GOOD[:-10]).json()

    problem = api.http.get(f"/v1/files/{file['id']}/report").json()["problems"][0]

    assert problem["row"] == 4
    assert "may have been cut off" in problem["reason"]


def test_a_line_of_500_megabytes_is_told_in_little_memory(api: ApiProcess) -> None:
    block = b"x" * 2**20

    def body() -> Iterator[bytes]:
        yield GOOD + b'{"messages": "'
        for _ in range(500):
            yield block
        yield b'"}\n' + GOOD

    before = api.memory_bytes()
    answer = api.http.put("/v1/files", params={"filename": "rows.jsonl"}, content=body(), timeout=120)

    file = answer.json()
    problem = api.http.get(f"/v1/files/{file['id']}/report").json()["problems"][0]
    assert (file["rows"], file["bad_rows"], problem["row"]) == (3, 1, 2)
    assert "a row may have 67,108,864" in problem["reason"]
    assert api.memory_bytes() - before < 300_000_000
    api.http.delete(f"/v1/files/{file['id']}").raise_for_status()


NAMES = {
    "a folder": "rows/",
    "only dots": "..",
    "a control character": "rows\x07.jsonl",
    "a new line of Unicode": "rows\u2028.jsonl",
    "an overlong name": "n" * 250 + ".jsonl",
    "no ending": "rows",
    "an ending in capitals": "ROWS.XLSX",
    "only compressed": "rows.gz",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
def test_a_name_that_is_none_is_refused_and_nothing_is_kept(api: ApiProcess, name: str) -> None:
    before = on_disk(api)

    form = post(api, part('name="purpose"', b"fine-tune") + part(f'name="file"; filename="{name}"', GOOD) + last())
    raw = api.http.put("/v1/files", params={"filename": name}, content=GOOD)

    for answer in (form, raw):
        assert answer.status_code == 400
        assert answer.json()["error"]["param"] in {"file", "filename"}
    assert on_disk(api) == before
    assert upload(api, GOOD).status_code == 201


def test_an_empty_body_is_refused_and_nothing_is_kept(api: ApiProcess) -> None:
    before = on_disk(api)

    answers: list[Any] = [
        api.http.put("/v1/files", params={"filename": "rows.jsonl"}, content=b""),
        api.http.put("/v1/files", params={"filename": "rows.parquet"}, content=b""),
        api.http.put("/v1/files", params={"filename": "rows.json.gz"}, content=b""),
        api.http.post("/v1/files", content=b"", headers={"Content-Type": MULTIPART}),
    ]

    assert [answer.status_code for answer in answers] == [400, 400, 400, 400]
    assert on_disk(api) == before
