"""How Axolotl's preference and reinforcement methods read rows: each returns a function of a row, and what to drop."""

from collections.abc import Callable
from typing import Any

from . import section
from .conversation import Row, pair, rendered, rendered_answer, tools_of, turns, with_system

Reader = tuple[Callable[..., Row], dict[str, Any]]

_OPENAI = (
    "input",
    "preferred_output",
    "non_preferred_output",
    "preferred_completion",
    "non_preferred_completion",
)
_WITH_IMAGES = ("images", "image")


def pairs(cfg: Any, **_: Any) -> Reader:
    """Read pairs of answers as `prompt`, `chosen` and `rejected` text; with images, as messages for the processor."""

    def read(row: Row, tokenizer: Any = None) -> Row:
        asked, chosen, rejected = pair(row)
        if any(name in row for name in _WITH_IMAGES):
            return {"prompt": asked, "chosen": [chosen], "rejected": [rejected]}
        tools = tools_of(row)
        return {
            "prompt": rendered(tokenizer, asked, tools=tools),
            "chosen": rendered_answer(tokenizer, asked, chosen, tools=tools),
            "rejected": rendered_answer(tokenizer, asked, rejected, tools=tools),
        }

    return read, {"remove_columns": [*_named("messages", "prompt", "chosen", "rejected"), *_OPENAI]}


def kto_rows(cfg: Any, **_: Any) -> Reader:
    """Read single answers as `prompt` and `completion` text and a `label`."""
    completion, label = section.field("field_completion", "completion"), section.field("field_label", "label")

    def read(row: Row, tokenizer: Any = None) -> Row:
        asked = with_system(row, turns(row[section.field("field_prompt", "prompt")], "user"))
        answer = turns(row[completion], "assistant")[-1]
        return {
            "prompt": rendered(tokenizer, asked),
            "completion": rendered_answer(tokenizer, asked, answer),
            "label": bool(row[label]),
        }

    return read, {"remove_columns": _named("prompt", "completion", "label")}


def prompts(cfg: Any, **_: Any) -> Reader:
    """Read questions as messages in `prompt`; every other field stays, for the rewards."""
    prompt = section.field("field_prompt", "prompt")

    def read(row: Row) -> Row:
        return {"prompt": with_system(row, turns(row[prompt], "user"))}

    return read, {"remove_columns": [prompt]}


def _named(*usual: str) -> list[str]:
    return [section.field(f"field_{name}", name) for name in usual]
