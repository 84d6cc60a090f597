"""Nothing that a trainer, a model or a service says orders a person's terminal about."""

import re

import pytest
from tests.cli.fake_service import Axo, Service
from tests.cli.recorded_job import BEGIN, JOB_ID
from tests.cli.terminal import axo_in_terminal

from axo_cli.terminal_text import harmless, harmless_pieces
from axo_contracts import frames

CLIPBOARD = "\x1b]52;c;aGFybQ==\x07"
RED = "\x1b[31mred\x1b[0m"

TEXTS = {
    f"a {RED} line\tand\r\nanother": f"a {RED} line\tand\r\nanother",
    "\x1b[38;2;1;2;3mx\x1b[4:3my": "\x1b[38;2;1;2;3mx\x1b[4:3my",
    f"a{CLIPBOARD}b": "ab",
    "a\x1b]0;title\x1b\\b": "ab",
    "a\x9d52;c;aGFybQ==\x9cb": "ab",
    "a\x1bPq#0\x1b\\b\x1b_x\x1b\\c": "abc",
    "a\x1b[2J\x1b[H\x1b[?1049hb\x9b31mc": "abc",
    "a\x1b[>4;2mb": "ab",
    "a\x1bcb\x1b(0c": "abc",
    "a\x07\x08\x7f\x00\x85b": "ab",
    "a\x1b]52;c;never ended\nb": "a52;c;never ended\nb",
    "a\x1b]52;\x1b[31mred\x1b]52;c;x\x07": "a52;\x1b[31mred",
    "a\x1b\x07[2Jb": "a[2Jb",
    "größer – “ja” \u2028 日本": "größer – “ja” \u2028 日本",
    "a\x1b": "a",
}


@pytest.mark.parametrize(("text", "left"), TEXTS.items(), ids=map(repr, TEXTS))
def test_of_orders_only_colours_are_left_wherever_the_text_is_cut(text: str, left: str) -> None:
    assert harmless(text) == left
    assert "".join(harmless_pieces(text)) == left
    for cut in range(len(text)):
        assert "".join(harmless_pieces([text[:cut], text[cut:]])) == left


def test_a_piece_waits_only_while_it_ends_within_an_order() -> None:
    pieces = harmless_pieces(["one \x1b[3", "1mtwo", " three\x1b]52;c;", "aGFybQ==", "\x07 four", "\x1b"])

    assert [*pieces] == ["one ", "\x1b[31mtwo", " three", "", " four", "", ""]


def test_no_pair_of_characters_begins_an_order() -> None:
    pairs = [f"{first}{chr(second)}1;c" for first in ("\x1b", "") for second in range(0x100)]

    assert [pair for pair in pairs if re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", harmless(pair))] == []


@pytest.mark.parametrize(
    ("command", "term"),
    [
        (("logs",), "xterm-256color"),
        (("logs", "-f"), "xterm-256color"),
        (("show",), "xterm-256color"),
        (("follow",), "xterm-256color"),
        (("follow",), "dumb"),
    ],
    ids=["logs", "logs -f", "show", "follow", "follow on a dumb terminal"],
)
def test_a_terminal_gets_the_colours_of_a_log_and_no_other_orders(
    service: Service, command: tuple[str, ...], term: str
) -> None:
    said = f"{CLIPBOARD}{RED}"
    service.log = f"{said}\n"
    service.journal.insert(3, frames.encode(frames.Log(attempt=1, seq=2, time=BEGIN, text=said)))
    error = {"code": "oom_gpu", "message": said, "log_tail": [said]}
    service.jobs[0] |= {"name": said, "status": "failed", "message": said, "error": error, "result": None}

    with axo_in_terminal(*command, JOB_ID, "--url", service.url, term=term) as terminal:
        terminal.wait_for_end()

    assert RED.encode() in terminal.written
    assert b"\x1b]" not in terminal.written
    assert b"\x07" not in terminal.written


@pytest.mark.parametrize("command", [("follow",), ("logs", "-f")], ids=" ".join)
def test_a_terminal_gets_no_orders_within_json(service: Service, command: tuple[str, ...]) -> None:
    said = "before \x9d52;c;aGFybQ==\x9cafter"
    service.journal.insert(3, frames.encode(frames.Log(attempt=1, seq=2, time=BEGIN, text=said)))

    with axo_in_terminal(*command, "--json", JOB_ID, "--url", service.url) as terminal:
        terminal.wait_for_end()

    assert b'"before after"' in terminal.written


def test_a_program_gets_the_log_as_it_is(axo: Axo, service: Service) -> None:
    service.log = f"{CLIPBOARD}{RED}\n"

    assert axo("logs", JOB_ID).stdout == service.log
