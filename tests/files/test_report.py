"""Each bad row is found, told by its number and its reason, whatever the pieces that the file arrives in."""

import json
import random
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.files.reading import report_on, report_on_pieces
from tests.files.uploads import CHAT, PREFERENCE, rows

from axo_api.files.reading.rows import MAX_ROW_BYTES
from axo_api.files.report import MAX_PROBLEMS

GOOD = rows(CHAT)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b"\xef\xbb\xbf" + GOOD, "byte order mark"),
        (b'{"messages": [{"role": "user", "content": "\xff"}]}\n', "byte 43 is not UTF-8"),
        (b'{"messages": [{"role": "user", "content": "a"}], "x": "\xc3("}\n', "not UTF-8"),
        (b'{"messages": [{"role": "user", "content": "a"}], "weight": NaN}\n', "not JSON: invalid character"),
        (b"messages: hello\n", "not JSON"),
        (b"[1, 2]\n", "Expected `object`, got `array`"),
        (b'{"prompt": "a"}\n', "a prompts row, while"),
        (b'{"messages": []}\n', "length >= 1"),
        (b'{"messages": [{"content": "a"}]}\n', "`role` - at `$.messages[0]`"),
        (b'{"messages": [{"role": "", "content": "a"}]}\n', "`$.messages[0].role`"),
        (b'{"messages": [{"role": "user"}]}\n', "needs `content`"),
        (b'{"messages": [{"role": "user", "content": 4}]}\n', "`$.messages[0].content`"),
        (rows({**PREFERENCE, "rejected": None}), "only one of `chosen` and `rejected`"),
        (rows(PREFERENCE), "a preference row, while"),
    ],
)
def test_a_bad_row_is_reported_by_its_number_with_the_reason(row: bytes, reason: str) -> None:
    report = report_on(GOOD * 2 + b"\n" + row + GOOD)

    assert (report.rows, report.bad_rows, report.format) == (4, 1, "chat_template")
    problem = report.problems[0]
    assert (problem.row, problem.line) == (3, 4)
    assert reason in problem.reason
    assert problem.reason.endswith(".")
    assert problem.excerpt


def test_a_tool_call_may_stand_without_content() -> None:
    calls = [{"id": "1", "type": "function", "function": {"name": "add", "arguments": "{}"}}]

    report = report_on(rows({"messages": [CHAT["messages"][0], {"role": "assistant", "tool_calls": calls}]}))

    assert report.bad_rows == 0


def test_a_last_row_that_is_cut_off_says_so_and_one_without_a_newline_is_fine() -> None:
    assert report_on(GOOD + GOOD.rstrip(b"\n")).bad_rows == 0

    cut = report_on(GOOD + GOOD[:30])

    assert (cut.rows, cut.bad_rows) == (2, 1)
    assert "may have been cut off" in cut.problems[0].reason


def test_windows_line_ends_are_fine() -> None:
    assert report_on(GOOD.replace(b"\n", b"\r\n") * 3 + b"\r\n").bad_rows == 0


def test_all_bad_rows_are_counted_and_the_first_hundred_are_listed() -> None:
    report = report_on(b"nonsense\n" * 500)

    assert (report.rows, report.bad_rows, report.format) == (500, 500, None)
    assert [problem.row for problem in report.problems] == list(range(1, MAX_PROBLEMS + 1))


def test_a_row_over_the_limit_is_refused_in_bounded_memory() -> None:
    def pieces() -> Iterator[bytes]:
        yield b'{"messages": "'
        for _ in range(3 * MAX_ROW_BYTES // 2**20):
            yield b"x" * 2**20
        yield b'"}\n' + GOOD

    tracemalloc.start()

    report = report_on_pieces(pieces())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert (report.rows, report.bad_rows) == (2, 1)
    assert "a row may have 67,108,864" in report.problems[0].reason
    assert peak < 3 * MAX_ROW_BYTES


@given(st.lists(st.sampled_from([GOOD, b"bad\n", b"\n", b"\xff\n", rows(PREFERENCE)]), max_size=30), st.randoms())
def test_the_report_does_not_depend_on_how_the_bytes_arrive(lines: list[bytes], choose: random.Random) -> None:
    content = b"".join(lines)

    def pieces() -> Iterator[bytes]:
        position = 0
        while position < len(content):
            size = choose.randrange(1, 200)
            yield content[position : position + size]
            position += size

    assert report_on_pieces(pieces()) == report_on(content)


def test_an_excerpt_is_short_and_is_text() -> None:
    report = report_on(b'{"messages": "\x00\xff' + "é".encode() * 1000 + b'"}\n')

    assert len(report.problems[0].excerpt) == 120
    assert "\x00" not in report.problems[0].excerpt
    json.dumps(report.problems[0].excerpt).encode()
