"""Each format is told by its rows, and what is counted of them is right."""

from typing import Any

import pytest
from tests.files.reading import report_on
from tests.files.uploads import CHAT, PREFERENCE, rows

CALL = {"id": "1", "type": "function", "function": {"name": "add", "arguments": "{}"}}
ASK: dict[str, Any] = {"role": "user", "content": "2 + 2?"}
ANSWER: dict[str, Any] = {"role": "assistant", "content": "4"}
IMAGE = {"type": "image", "path": "cat.png"}

FORMATS: list[tuple[str, dict[str, Any]]] = [
    ("chat_template", CHAT),
    (
        "chat_template",
        {"messages": [ASK, {"role": "assistant", "tool_calls": [CALL]}], "tools": [{"type": "function"}]},
    ),
    ("chat_template", {"messages": [ASK, {**ANSWER, "weight": 0}, ASK, {**ANSWER, "weight": 1}]}),
    ("chat_template", {"messages": [ASK, {**ANSWER, "training": True}]}),
    ("chat_template", {"messages": [{"role": "user", "content": [IMAGE, {"type": "text", "text": "?"}]}, ANSWER]}),
    ("sharegpt", {"conversations": [{"from": "human", "value": "2 + 2?"}, {"from": "gpt", "value": "4"}]}),
    ("alpaca", {"instruction": "Add.", "input": "2, 2", "output": "4"}),
    ("alpaca", {"instruction": "Add 2 and 2.", "output": "4"}),
    ("input_output", {"segments": [{"label": False, "text": "2 + 2? "}, {"label": True, "text": "4"}]}),
    ("completion", {"text": "Two and two make four."}),
    ("preference", PREFERENCE),
    ("preference_conversations", {"chosen": [ASK, ANSWER], "rejected": [ASK, {**ANSWER, "content": "5"}]}),
    ("preference_text", {"prompt": "2 + 2?", "chosen": "4", "rejected": "5"}),
    (
        "preference_openai",
        {"input": {"messages": [ASK], "tools": []}, "preferred_output": [ANSWER], "non_preferred_output": [ANSWER]},
    ),
    (
        "preference_openai",
        {"input": {"messages": [ASK]}, "preferred_completion": [ANSWER], "non_preferred_completion": [ANSWER]},
    ),
    ("kto", {"prompt": "2 + 2?", "completion": "4", "label": True}),
    ("stepwise_supervised", {"prompt": "2 + 2?", "completions": ["Four", "fingers"], "labels": [True, False]}),
    ("prompts", {"prompt": "2 + 2?", "answer": "4"}),
    ("prompts", {"prompt": [ASK], "ground_truth": 4}),
]


@pytest.mark.parametrize(("name", "row"), FORMATS)
def test_each_format_is_told_by_its_rows(name: str, row: dict[str, Any]) -> None:
    report = report_on(rows(row) * 3)

    assert (report.format, report.rows, report.problems) == (name, 3, ())
    assert report.characters is not None


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"conversations": [{"from": "gpt"}]}, "missing required field `value` - at `$.conversations[0]`"),
        ({"instruction": "Add."}, "missing required field `output`"),
        ({"segments": [{"label": "yes", "text": ""}]}, "Expected `bool`, got `str` - at `$.segments[0].label`"),
        ({"text": None, "instruction": "Add."}, "missing required field `output`"),
        ({"chosen": "4", "prompt": ""}, "missing required field `rejected`"),
        ({"prompt": "", "completion": "", "label": 1}, "Expected `bool`, got `int` - at `$.label`"),
        ({"prompt": "", "completions": ["a"], "labels": [True, False]}, "1 completions, and 2 labels"),
        ({"prompt": []}, "length >= 1"),
        ({"question": "2 + 2?", "solution": "4"}, "No format has its fields (question, solution)"),
        ({}, "No format has its fields"),
    ],
)
def test_a_row_that_is_nearly_of_a_format_is_told_what_it_lacks(row: dict[str, Any], reason: str) -> None:
    report = report_on(rows(row))

    assert (report.rows, report.bad_rows) == (1, 1)
    assert reason in report.problems[0].reason


def test_roles_turns_and_characters_are_counted() -> None:
    long = {"messages": [{"role": "system", "content": "ä" * 10}, ASK, ANSWER, ASK, ANSWER]}

    report = report_on(rows(CHAT, CHAT, CHAT, long))

    assert report.roles == {"user": 5, "assistant": 5, "system": 1}
    assert report.turns is not None
    assert (report.turns.min, report.turns.median, report.turns.max) == (2, 2, 5)
    assert report.characters is not None
    assert (report.characters.min, report.characters.median, report.characters.max) == (7, 7, 24)


def test_a_thousand_roles_are_counted_in_few() -> None:
    report = report_on(rows(*({"messages": [{"role": f"role-{n}", "content": ""}]} for n in range(1000))))

    assert len(report.roles) == 64
    assert sum(report.roles.values()) == 1000


def test_a_long_rows_length_is_right_within_a_hundredth() -> None:
    report = report_on(rows(*({"text": "x" * n} for n in range(20_000))))

    assert report.characters is not None
    assert (report.characters.min, report.characters.max) == (0, 19_999)
    assert report.characters.median == pytest.approx(10_000, rel=0.01)
    assert report.characters.p95 == pytest.approx(19_000, rel=0.01)


def test_rows_that_are_there_again_are_counted() -> None:
    report = report_on(rows(CHAT, {**CHAT, "id": 2}) + rows(CHAT).replace(b"\n", b"\r\n") + rows(CHAT).rstrip(b"\n"))

    assert (report.duplicate_rows, report.duplicate_rows_are_exact) == (2, True)


def test_empty_answers_and_rows_without_loss_are_counted() -> None:
    empty = {"messages": [ASK, {"role": "assistant", "content": ""}]}
    left_out = {"messages": [ASK, {**ANSWER, "weight": 0}]}
    unflagged = {"messages": [ASK, {**ANSWER, "train": False}, ASK, ANSWER]}
    unanswered = {"messages": [ASK]}
    called = {"messages": [ASK, {"role": "assistant", "content": "", "tool_calls": [CALL]}]}

    report = report_on(rows(CHAT, empty, left_out, unflagged, unanswered, called))

    assert report.bad_rows == 0
    assert report.empty_answers == 1
    assert report.untrained_rows == 2
    assert report_on(rows({"segments": [{"label": False, "text": "a"}]})).untrained_rows == 1
    assert report_on(rows({"instruction": "a", "output": ""})).empty_answers == 1
