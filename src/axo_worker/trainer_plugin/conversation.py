"""Rows as conversations, and conversations as the model's chat template writes them."""

import json
from typing import Any

from . import section

Message = dict[str, Any]
Row = dict[str, Any]

_NOT_FOR_THE_TEMPLATE = {"weight", "train", "training"}


def turns(value: Any, role: str) -> list[Message]:
    """Return the messages that `value` is: text of `role`, one message, or several."""
    if isinstance(value, str):
        return [{"role": role, "content": value}]
    if isinstance(value, dict):
        return [_message(value)]
    return [_message(message) for message in value or ()]


def pair(row: Row) -> tuple[list[Message], Message, Message]:
    """Return what was asked, the better answer and the worse one, whichever way the row spells them."""
    if row.get("input") and (row.get("preferred_output") or row.get("preferred_completion")):
        return _openai_pair(row)
    chosen = turns(row[section.field("field_chosen", "chosen")], "assistant")
    rejected = turns(row[section.field("field_rejected", "rejected")], "assistant")
    asked = row.get(section.field("field_messages", "messages")) or row.get(section.field("field_prompt", "prompt"))
    return with_system(row, chosen[:-1] or turns(asked, "user")), chosen[-1], rejected[-1]


def tools_of(row: Row) -> Any:
    """Return the tools that a row offers, which may be written as JSON; None for none."""
    tools = row.get("tools") or (row.get("input") or {}).get("tools")
    return (json.loads(tools) if isinstance(tools, str) else tools) or None


def with_system(row: Row, messages: list[Message]) -> list[Message]:
    """Return `messages` behind the row's `system` text, where it has one."""
    system = row.get("system")
    if not system or (messages and messages[0]["role"] == "system"):
        return messages
    return [{"role": "system", "content": system}, *messages]


def rendered(tokenizer: Any, asked: list[Message], answer: Message | None = None, *, tools: Any = None) -> str:
    """Return what was asked up to where the answer begins, or with `answer`, through the model's chat template."""
    text: str = tokenizer.apply_chat_template(
        [*asked, answer] if answer else asked, tools=tools or None, add_generation_prompt=not answer, tokenize=False
    )
    return text


def rendered_answer(tokenizer: Any, asked: list[Message], answer: Message, *, tools: Any = None) -> str:
    """Return what the model has to write for `answer`, up to its end token."""
    prompt, whole = rendered(tokenizer, asked, tools=tools), rendered(tokenizer, asked, answer, tools=tools)
    same = next((at for at, (left, right) in enumerate(zip(prompt, whole, strict=False)) if left != right), len(prompt))
    return whole[same:].rstrip()


def _openai_pair(row: Row) -> tuple[list[Message], Message, Message]:
    chosen, rejected = (
        turns(row.get(f"{which}_output") or row.get(f"{which}_completion"), "assistant")
        for which in ("preferred", "non_preferred")
    )
    return [*turns(row["input"]["messages"], "user"), *chosen[:-1]], chosen[-1], rejected[-1]


def _message(message: Message) -> Message:
    return {name: value for name, value in message.items() if value is not None and name not in _NOT_FOR_THE_TEMPLATE}
