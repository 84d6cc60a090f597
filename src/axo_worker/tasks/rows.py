"""The rows that a task reads, and what of a row the model is asked."""

from itertools import islice
from typing import Any, NamedTuple

from axo_trainer_plugin.conversation import Message, turns, with_system
from axo_trainer_plugin.conversation import tools_of as tools_of_row
from datasets import load_dataset

Fields = dict[str, Any]


class RowError(ValueError):
    """A row is of no use. The message says which, and why."""


class Row(NamedTuple):
    """One row: its number among all, from 1 on; what it holds; and how its data set reads."""

    number: int
    fields: Fields
    dataset: dict[str, Any]


class Question(NamedTuple):
    """What a row asks the model, and the answer that the row itself has."""

    row: int
    asked: list[Message]
    tools: Any
    reference: str | None
    fields: Fields


def read_rows(config: dict[str, Any]) -> list[Row]:
    """Return the rows of all data sets, `max_rows` at most, read as Axolotl reads them."""
    each = ((fields, dataset) for dataset in config["datasets"] for fields in _load(dataset))
    return [Row(number, *found) for number, found in enumerate(islice(each, config["max_rows"]), start=1)]


def question_of(row: Row) -> Question | None:
    """Return what a conversation or a prompt asks; None for a row that is neither. Raises `RowError`."""
    try:
        messages = _messages(row)
    except (KeyError, TypeError, AttributeError) as error:
        raise RowError(f"row {row.number}: it holds no messages that can be read: {error}") from error
    if messages is None:
        return None
    *before, last = messages
    if last["role"] != "assistant":
        return Question(row.number, messages, tools_of_row(row.fields), None, row.fields)
    if not before:
        raise RowError(f"row {row.number}: nothing stands before its answer")
    reference = last.get("content") or ""
    fields = {"reference_answer": reference, **_without_nulls(row.fields)}
    return Question(row.number, before, tools_of_row(row.fields), reference, fields)


def _load(dataset: dict[str, Any]) -> Any:
    return load_dataset(dataset["ds_type"], data_files=dataset["path"], split="train")


def _messages(row: Row) -> list[Message] | None:
    match row.dataset["format"]:
        case "chat_template":
            return with_system(row.fields, turns(row.fields[row.dataset["field_messages"]], "user")) or None
        case "sharegpt":
            return [_from_sharegpt(turn) for turn in row.fields[row.dataset["field_messages"]]] or None
        case "prompts":
            return with_system(row.fields, turns(row.fields[row.dataset["field_prompt"]], "user")) or None
    return None


_ROLES = {"human": "user", "gpt": "assistant", "model": "assistant"}


def _from_sharegpt(turn: dict[str, Any]) -> Message:
    return {"role": _ROLES.get(turn["from"], turn["from"]), "content": turn["value"]}


def _without_nulls(fields: Fields) -> Fields:
    return {name: value for name, value in fields.items() if value is not None}
