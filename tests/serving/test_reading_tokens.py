"""Tokens as text, where the tokenizer takes the space off the first: Llama 2, Mistral, Phi-3."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.serving.tiny import TRAINER_PYTHON
from tests.stack.embedded import TRAINERS

from axo_contracts.trainer_plugin import MODEL_SERVER
from axo_worker import model_server
from axo_worker.trainer_environment import link_packages

pytestmark = [
    pytest.mark.trainer,
    pytest.mark.skipif(not TRAINER_PYTHON, reason="AXO_TRAINER_PYTHON names no Python with tokenizers"),
]
LETTER = ["<0xE2>", "<0x82>", "<0xAC>"]  # €
HALF = "\ufffd"


def test_a_text_is_gone_on_with_its_space_and_a_conversations_answer_has_none_before_it(tmp_path: Path) -> None:
    answer = ["▁upon", "▁a", "▁time", "s"]

    text, first, chat = read(tmp_path, (["<s>", "▁Once"], answer), (["<s>"], answer), ([], answer))

    assert text["text"] == " upon a times"
    assert first["text"] == chat["text"] == "upon a times"


def test_each_token_reads_as_it_does_behind_another(tmp_path: Path) -> None:
    words = ["▁the", "the", "▁", "<0x0A>", "<s>", *LETTER]

    (said,) = read(tmp_path, ([], [*words, "!"]))

    assert [token["text"] for token in said["tokens"]] == [" the", "the", " ", "\n", "<s>", HALF, HALF, HALF, "!"]
    assert said["text"] == "thethe \n€!"


def test_each_token_says_at_which_letter_of_the_answer_it_begins(tmp_path: Path) -> None:
    tokens = ["▁upon", *LETTER, "▁a", "▁time"]

    plain, held = read(tmp_path, (["▁Once"], tokens), (["▁Once"], tokens, ["time after"]))

    assert plain["text"] == held["text"] == " upon€ a time"
    assert [token["begins_at"] for token in plain["tokens"]] == [0, 5, 5, 5, 6, 8]
    assert held["tokens"] == plain["tokens"]


def test_no_letter_is_lost_where_the_prompt_ends_in_half_of_one(tmp_path: Path) -> None:
    whole, half = read(tmp_path, (["▁x", *LETTER[:2]], [LETTER[2], "a", "b"]), (["▁x"], ["a", LETTER[0]]))

    assert (whole["text"], half["text"]) == ("€ab", f"a{HALF}")


@pytest.mark.parametrize(("letters", "more"), [(3, 0), (4, 0), (5, 0), (3, 2), (4, 1)])
def test_a_prompt_that_ends_in_letters_of_many_tokens_is_not_told_again(
    tmp_path: Path, letters: int, more: int
) -> None:
    begun, rest = LETTER[:more], LETTER[more:]

    (said,) = read(tmp_path, (["▁x", *LETTER * letters, *begun], [*rest, "▁a"]))

    assert said["text"] == "€ a"
    assert [token["begins_at"] for token in said["tokens"]] == [*[0] * len(rest), 1]


def read(folder: Path, *asked: tuple[list[str], list[str]] | tuple[list[str], list[str], list[str]]) -> Any:
    """Return what is said of each of these: the tokens before, and those of the answer; and stop strings."""
    command = [TRAINER_PYTHON, str(TRAINERS / "reads_as_llama.py"), json.dumps([[*one, []][:3] for one in asked])]
    environment = {**os.environ, "PYTHONPATH": str(link_packages({MODEL_SERVER: model_server}, folder))}
    printed = subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(printed)
