"""Rows are the same rows whatever they are wrapped in, and content that is not what its name says is refused."""

import csv
import gzip
import io
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet
from tests.api_process import ApiProcess
from tests.files.reading import read_in_a_gigabyte, report_on, report_on_file, report_on_pieces
from tests.files.uploads import CHAT, on_disk, rows, upload

from axo_api.files.reading.reader import Reader
from axo_api.files.reading.rows import MAX_ROW_BYTES, StoredFile, Unreadable
from axo_api.files.reading.unpack import UnpackLimits
from axo_contracts.wrappings import Wrapping

ALPACA = [{"instruction": f"Say {word}.", "output": f"{word}, of course\n“{word}”"} for word in ("one", "two", "ñ")]


def packed(name: str, values: list[dict[str, Any]]) -> bytes:
    """Return rows as a file of this name holds them."""
    content = {
        ".jsonl": lambda: rows(*values),
        ".json": lambda: json.dumps(values, indent=2).encode(),
        ".csv": lambda: _csv(values),
        ".parquet": lambda: _parquet(values),
    }[f".{name.split('.')[1]}"]()
    if name.endswith(".gz"):
        return gzip.compress(content)
    return zstd.compress(content) if name.endswith(".zst") else content


@pytest.mark.parametrize("packing", ["", ".gz", ".zst"])
@pytest.mark.parametrize("container", [".jsonl", ".json", ".csv", ".parquet"])
def test_every_wrapping_is_read_and_shown(api: ApiProcess, container: str, packing: str) -> None:
    name = f"rows{container}{packing}"

    answer = upload(api, packed(name, ALPACA), name=name)

    assert answer.status_code == 201, answer.text
    file = answer.json()
    assert (file["rows"], file["bad_rows"], file["format"]) == (3, 0, "alpaca")
    assert (file["container"], file["compression"]) == (
        container[1:],
        {"": None, ".gz": "gzip", ".zst": "zstd"}[packing],
    )
    shown = api.http.get(f"/v1/files/{file['id']}/preview", params={"rows": 3}).json()["data"]
    assert [row["value"] for row in shown] == ALPACA
    report = api.http.get(f"/v1/files/{file['id']}/report").json()
    assert report["characters"]["max"] > report["characters"]["min"]
    assert api.http.get(f"/v1/files/{file['id']}/content").content == packed(name, ALPACA) or packing == ".gz"


MISNAMED = {
    "gzip as lines": ("rows.jsonl", gzip.compress(rows(CHAT)), "its content is gzip"),
    "zstd as a table": ("rows.csv", zstd.compress(rows(CHAT)), "its content is zstd"),
    "lines as gzip": ("rows.jsonl.gz", rows(CHAT), "its name says gzip, and its content is none"),
    "lines as parquet": ("rows.parquet", rows(CHAT), "its name says parquet, and its content is none"),
    "parquet as lines": ("rows.jsonl", b"PAR1" + b"\0" * 100, "its content is parquet"),
    "parquet in gzip as lines": ("rows.jsonl.gz", gzip.compress(b"PAR1"), "its content is parquet"),
    "a zip": ("rows.jsonl", b"PK\x03\x04", "its content is a zip archive"),
    "UTF-16": ("rows.csv", "text\nhello".encode("utf-16"), "its content is UTF-16 text"),
    "JSON as a table": ("rows.csv", rows(CHAT), "its content is JSON"),
    "a cut gzip": ("rows.jsonl.gz", gzip.compress(rows(CHAT) * 100)[:-20], "ends within its gzip data"),
    "a cut zstd": ("rows.jsonl.zst", zstd.compress(rows(CHAT) * 100)[:-20], "ends within its zstd data"),
    "a broken gzip": ("rows.jsonl.gz", gzip.compress(rows(CHAT))[:-8] + b"\xff" * 8, "no whole gzip file"),
    "a cut parquet": ("rows.parquet", b"PAR1" + b"\0" * 100, "no whole parquet file"),
    "something behind an array": ("rows.json", b"[] []", "something follows"),
    "a mark before an array": ("rows.json", b"\xef\xbb\xbf[]", "byte order mark"),
    "a column twice": ("rows.csv", b"text,text\na,b\n", "a column twice"),
    "an empty array": ("rows.json", b" [ ] ", "it is empty"),
    "an empty table": ("rows.csv", b"text\n", "it is empty"),
    "an empty gzip": ("rows.jsonl.gz", gzip.compress(b""), "it is empty"),
    "a gzip bomb": ("rows.jsonl.gz", gzip.compress(b"\n" * 300_000_000, 9), "bomb"),
    "a zstd bomb": ("rows.csv.zst", zstd.compress(b"text\n" + (b"a" * 1000 + b"\n") * 100_000), "bomb"),
}


@pytest.mark.parametrize(("name", "content", "says"), MISNAMED.values(), ids=MISNAMED.keys())
def test_content_that_is_not_what_its_name_says_is_refused_and_nothing_is_kept(
    api: ApiProcess, name: str, content: bytes, says: str
) -> None:
    before = on_disk(api)

    answer = upload(api, content, name=name)

    assert answer.status_code == 400, answer.text
    assert says in answer.json()["error"]["message"]
    assert on_disk(api) == before
    assert upload(api, rows(CHAT)).status_code == 201


def test_an_unpacked_size_over_the_operators_limit_is_refused(own_api: ApiProcess) -> None:
    own_api.settings["AXO_FILES__MAX_UNPACKED_BYTES"] = "100000"
    own_api.start()
    noise = [{"text": random.Random(number).randbytes(500).hex()} for number in range(200)]

    answers = [
        upload(own_api, packed(name, noise), name=name) for name in ("rows.jsonl", "rows.json.gz", "rows.csv.zst")
    ]

    for answer in answers:
        assert "more than 100,000 bytes" in answer.json()["error"]["message"]
    assert on_disk(own_api) == set()


def test_several_gzip_members_and_zstd_frames_are_one_file() -> None:
    for name, pack in (("rows.jsonl.gz", gzip.compress), ("rows.jsonl.zst", zstd.compress)):
        assert report_on(pack(rows(CHAT)) + pack(rows(CHAT)), name).rows == 2


def test_json_lines_may_be_called_json() -> None:
    report = report_on(b"\n" + rows(CHAT) * 2 + b"{]\n", "rows.json")

    assert (report.rows, report.bad_rows) == (3, 1)
    assert report.problems[0].line == 4


def test_bad_elements_of_an_array_are_told_by_row_and_line() -> None:
    content = b'[\n{"text": "a"},\n\n {"text":\n 4},\n17 18, , {"text": "]\\"["}\n,{"text": "b"\n'

    report = report_on(content, "rows.json")

    assert report.rows == 6
    assert [(problem.row, problem.line) for problem in report.problems] == [(2, 4), (3, 6), (4, 6), (6, 7)]
    assert "Expected `str`, got `int`" in report.problems[0].reason
    assert "cut off" in report.problems[-1].reason


OTHER_FIELDS = st.text().map("x{}".format)  # none that speaks for a format


@given(st.lists(st.dictionaries(OTHER_FIELDS, st.text() | st.lists(st.integers())), max_size=5), st.randoms())
def test_an_array_is_the_same_rows_however_it_is_written_and_arrives(
    values: list[dict[str, Any]], choose: random.Random
) -> None:
    values = [{**value, "text": str(value)} for value in values]
    content = json.dumps(values, indent=choose.choice([None, 1]), ensure_ascii=choose.choice([True, False])).encode()

    def pieces() -> Iterator[bytes]:
        position = 0
        while position < len(content):
            size = choose.randrange(1, 20)
            yield content[position : position + size]
            position += size

    report = report_on_pieces(pieces(), "rows.json")

    assert (report.rows, report.problems) == (len(values), ())


def test_an_element_over_the_limit_is_refused_and_the_next_one_is_read() -> None:
    def pieces() -> Iterator[bytes]:
        yield b'[{"text": "'
        for _ in range(80):
            yield b"x" * 2**20
        yield b'"}, {"text": "a"}]'

    report = report_on_pieces(pieces(), "rows.json")

    assert (report.rows, report.bad_rows) == (2, 1)
    assert "a row may have 67,108,864" in report.problems[0].reason


def test_bad_records_of_a_table_are_told_by_row_and_line() -> None:
    content = (
        b'prompt,completion,label\na,"b\nb",true\na,b\na,b,c,d\n\na,"b"b,1\na,None,true\na,b,maybe\na,\xff,1\nq,r,0\n'
    )

    report = report_on(content, "rows.csv")

    assert report.format == "kto"
    assert [(problem.row, problem.line) for problem in report.problems] == [
        (2, 4),
        (3, 5),
        (4, 7),
        (5, 8),
        (6, 9),
        (7, 10),
    ]
    reasons = " ".join(problem.reason for problem in report.problems)
    for said in ("got `null` - at `$.label`", "4 cells, and the header 3", "got `null` - at `$.completion`", "UTF-8"):
        assert said in reasons


def _csv(values: list[dict[str, Any]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, values[0].keys())
    writer.writeheader()
    writer.writerows(values)
    return text.getvalue().encode()


def _parquet(values: list[dict[str, Any]]) -> bytes:
    file = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(values), file)
    return file.getvalue()


@pytest.mark.parametrize("typed", [False, True], ids=["texts", "dictionaries"])
def test_a_large_text_that_a_dictionary_repeats_is_refused_in_little_memory(tmp_path: Path, typed: bool) -> None:
    path = tmp_path / "rows.parquet"
    repeated = pa.DictionaryArray.from_arrays(pa.array([0] * 256, pa.int32()), ["a" * 8_000_000])
    parquet.write_table(pa.table({"text": repeated}), path, store_schema=typed, dictionary_pagesize_limit=10**9)

    found = read_in_a_gigabyte(path)

    assert path.stat().st_size < 1_000_000
    assert "as a decompression bomb does" in found


def test_a_row_of_repeated_texts_that_fits_into_no_memory_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    repeated = pa.DictionaryArray.from_arrays(pa.array([0] * 256, pa.int32()), ["a" * 8_000_000])
    table = pa.table({"text": pa.ListArray.from_arrays([0, 256], repeated)})
    parquet.write_table(table, path, store_schema=False, dictionary_pagesize_limit=10**9)

    found = read_in_a_gigabyte(path)

    assert "its rows take more memory than there is" in found


def test_a_row_that_is_too_long_is_told_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    parquet.write_table(pa.table({"text": ["first", "a" * (MAX_ROW_BYTES + 1), "third", "fourth"]}), path)

    reader = Reader(StoredFile(path), Wrapping("parquet"), UnpackLimits(most_bytes=10**12, most_ratio=10**9))
    found = [
        one
        for some in reader.rows()
        for one in ([some.line] if isinstance(some, Unreadable) else zip(some.lines, some.rows, strict=True))
    ]

    assert found == [(1, b'{"text":"first"}'), 2, (3, b'{"text":"third"}'), (4, b'{"text":"fourth"}')]


def test_conversations_come_back_from_parquet_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    path.write_bytes(_parquet([CHAT, {"messages": [*CHAT["messages"], {"role": "user", "content": "?", "weight": 0}]}]))

    report = report_on_file(path)

    assert (report.rows, report.bad_rows, report.format) == (2, 0, "chat_template")
