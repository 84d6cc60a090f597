"""Rows of each format, a few of each, that the tiny model can be trained on in seconds."""

from collections.abc import Callable
from typing import Any

Row = dict[str, Any]


def rows_of(name: str, count: int = 16) -> list[Row]:
    """Return `count` rows of the format called `name`."""
    return [_ROWS[name](number) for number in range(count)]


def _asked(number: int) -> Row:
    return {"role": "user", "content": f"What is {number} plus one?"}


def _answer(text: object) -> Row:
    return {"role": "assistant", "content": f"It is {text}."}


def _question(number: int) -> str:
    return str(_asked(number)["content"])


_ROWS: dict[str, Callable[[int], Row]] = {
    "chat_template": lambda n: {"messages": [_asked(n), _answer(n + 1)]},
    "sharegpt": lambda n: {
        "conversations": [{"from": "human", "value": _question(n)}, {"from": "gpt", "value": f"It is {n + 1}."}]
    },
    "alpaca": lambda n: {"instruction": _question(n), "input": "", "output": f"It is {n + 1}."},
    "input_output": lambda n: {
        "segments": [{"label": False, "text": _question(n)}, {"label": True, "text": f" It is {n + 1}.<|im_end|>"}]
    },
    "completion": lambda n: {"text": f"{_question(n)} It is {n + 1}."},
    "preference": lambda n: {"messages": [_asked(n)], "chosen": _answer(n + 1), "rejected": _answer("a number")},
    "preference_conversations": lambda n: {
        "system": "Be right.",
        "chosen": [_asked(n), _answer(n + 1), _asked(n + 1), _answer(n + 2)],
        "rejected": [_asked(n), _answer(n + 1), _asked(n + 1), _answer("a number")],
    },
    "preference_text": lambda n: {"prompt": _question(n), "chosen": f"It is {n + 1}.", "rejected": "A number."},
    "kto": lambda n: {"prompt": _question(n), "completion": f"It is {n + 1}.", "label": n % 2 == 0},
    "stepwise_supervised": lambda n: {
        "prompt": _question(n),
        "completions": [f"Take {n}.", "Add one.", f"It is {n + 1}."],
        "labels": [True, True, n % 2 == 0],
    },
    "prompts": lambda n: {"prompt": _question(n), "reference_answer": str(n + 1)},
}
