"""How the plugin reads rows: whatever their spelling, as the model's chat template writes them."""

from collections.abc import Iterator
from typing import Any

import pytest

from axo_worker.trainer_plugin import kto_rows, pairs, prompts, section

ASKED = {"role": "user", "content": "2 + 2?"}
RIGHT = {"role": "assistant", "content": "4", "tool_calls": None, "weight": 1}
WRONG = {"role": "assistant", "content": "5", "tool_calls": None, "weight": 0}
PROMPT = "user: 2 + 2?\nassistant: "


class PlainTemplate:
    """A tokenizer whose chat template writes `role: content`, a message a line, and every other field of a message."""

    def apply_chat_template(self, messages: list[dict[str, Any]], *, add_generation_prompt: bool, **_: Any) -> str:
        lines = [
            f"{message['role']}: {message['content']}{sorted(message.keys() - {'role', 'content'}) or ''}\n"
            for message in messages
        ]
        return "".join(lines) + ("assistant: " if add_generation_prompt else "")


@pytest.fixture(autouse=True)
def _usual_names() -> Iterator[None]:
    section.keep({})
    yield
    section.keep({})


PAIRS = {
    "messages and two answers": {"messages": [ASKED], "chosen": RIGHT, "rejected": WRONG},
    "whole conversations": {"chosen": [ASKED, RIGHT], "rejected": [ASKED, WRONG]},
    "text": {"prompt": "2 + 2?", "chosen": "4", "rejected": "5"},
    "OpenAI's output": {"input": {"messages": [ASKED]}, "preferred_output": [RIGHT], "non_preferred_output": [WRONG]},
    "OpenAI's completion": {
        "input": {"messages": [ASKED], "tools": None},
        "preferred_output": None,
        "preferred_completion": [RIGHT],
        "non_preferred_completion": [WRONG],
    },
    "answers in lists": {"prompt": [ASKED], "chosen": [RIGHT], "rejected": [WRONG]},
}


@pytest.mark.parametrize("row", PAIRS.values(), ids=PAIRS.keys())
def test_a_pair_reads_the_same_in_every_spelling(row: dict[str, Any]) -> None:
    read, _ = pairs(None)

    assert read(row, tokenizer=PlainTemplate()) == {"prompt": PROMPT, "chosen": "4", "rejected": "5"}


def test_a_system_text_beside_the_messages_goes_before_them() -> None:
    read, _ = pairs(None)

    row = {"system": "Be brief.", "prompt": "2 + 2?", "chosen": "4", "rejected": "5"}

    assert read(row, tokenizer=PlainTemplate())["prompt"] == f"system: Be brief.\n{PROMPT}"


def test_fields_are_read_by_the_names_that_the_config_gives() -> None:
    section.keep({"fields": {"field_prompt": "question", "field_chosen": "good", "field_rejected": "bad"}})
    read, kept = pairs(None)

    row = {"question": "2 + 2?", "good": "4", "bad": "5"}

    assert read(row, tokenizer=PlainTemplate()) == {"prompt": PROMPT, "chosen": "4", "rejected": "5"}
    assert set(kept["remove_columns"]) >= {"question", "good", "bad"}


def test_rows_with_images_stay_messages_for_the_processor() -> None:
    read, _ = pairs(None)

    row = read({"prompt": "2 + 2?", "chosen": "4", "rejected": "5", "images": ["a.png"]}, tokenizer=PlainTemplate())

    assert row["prompt"] == [ASKED]
    assert row["chosen"] == [{"role": "assistant", "content": "4"}]


def test_a_single_answer_keeps_its_label() -> None:
    read, _ = kto_rows(None)

    row = read({"prompt": "2 + 2?", "completion": "4", "label": 1}, tokenizer=PlainTemplate())

    assert row == {"prompt": PROMPT, "completion": "4", "label": True}


@pytest.mark.parametrize("asked", ["2 + 2?", [ASKED]])
def test_a_question_is_messages_and_the_other_fields_stay(asked: Any) -> None:
    read, kept = prompts(None)

    assert read({"prompt": asked, "reference_answer": "4"}) == {"prompt": [ASKED]}
    assert kept == {"remove_columns": ["prompt"]}
