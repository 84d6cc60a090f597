"""Rows as the trainer will see them: Axolotl's own prompt strategy and tokenizer, row by row."""

from collections.abc import Iterator
from typing import Any

from axolotl.prompt_strategies.dpo import load as load_pairs
from axolotl.utils.data.rl import _map_dataset
from axolotl.utils.data.wrappers import get_dataset_wrapper
from axolotl.utils.dict import DictDefault
from datasets import Dataset

from .counting import IGNORED, tokenized_pairs
from .device import Device
from .loading import normalize, tokenizer_of
from .validation import validated
from .workspace import workspace

NOT_KNOWN = "How a row of this method is tokenized is known to its trainer only."


def preview(question: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the question's rows, rendered and tokenized for its config.

    Raises `Refusal`, and `Unreadable` for the model.
    """
    device = Device.of(question)
    cfg, _ = validated(question["config"], device)
    with workspace(question):
        normalize(cfg, device)
        tokenizer = tokenizer_of(cfg)
        rows = Dataset.from_list(list(question["rows"]))
        return [seen for index in range(len(rows)) for seen in _seen(cfg, tokenizer, rows.select([index]), index + 1)]


def _seen(cfg: DictDefault, tokenizer: Any, row: Any, number: int) -> Iterator[dict[str, Any]]:
    try:
        for role, ids, carries in _tokens(cfg, tokenizer, row):
            yield {"row": number, "role": role, "problem": _too_long(cfg, ids), **_shown(tokenizer, ids, carries)}
    except Exception as error:
        yield {"row": number, "problem": str(error)[:500] or type(error).__name__}


def _tokens(cfg: DictDefault, tokenizer: Any, row: Any) -> Iterator[tuple[str, list[int], list[bool]]]:
    if not cfg.rl and cfg.datasets:
        yield from _of_labels(cfg, tokenizer, row)
    elif cfg.rl in ("dpo", "ipo"):
        yield from _of_pair(cfg, tokenizer, row)
    else:
        raise ValueError(NOT_KNOWN)


def _of_labels(cfg: DictDefault, tokenizer: Any, row: Any) -> Iterator[tuple[str, list[int], list[bool]]]:
    source = cfg.datasets[0]
    base, _, style = source.type.partition(":") if isinstance(source.type, str) else (None, "", None)
    tokenized, _ = get_dataset_wrapper(source, tokenizer, cfg, base, row, style or None)
    if not len(tokenized):
        raise ValueError("Axolotl leaves this row out.")
    for found in tokenized:
        if "labels" not in found:
            raise ValueError(NOT_KNOWN)
        yield "text", found["input_ids"], [label != IGNORED for label in found["labels"]]


def _of_pair(cfg: DictDefault, tokenizer: Any, row: Any) -> Iterator[tuple[str, list[int], list[bool]]]:
    transform = load_pairs(cfg.datasets[0]["type"], cfg, dataset_idx=0)
    options: dict[str, Any] = {}
    if isinstance(transform, tuple):
        transform, options = transform
    if dropped := options.get("remove_columns"):
        options["remove_columns"] = [name for name in row.column_names if dropped == "__all__" or name in dropped]
    pair = tokenized_pairs(cfg, _map_dataset(cfg, row, transform, tokenizer, **options))[0]
    for role in ("chosen", "rejected"):
        answer = pair[f"{role}_ids"]
        yield role, pair["prompt_ids"] + answer, [False] * len(pair["prompt_ids"]) + [True] * len(answer)


def _too_long(cfg: DictDefault, ids: list[int]) -> str | None:
    if len(ids) <= cfg.sequence_len:
        return None
    return f"It has {len(ids)} tokens, more than sequence_len ({cfg.sequence_len}): it is dropped or cut."


def _shown(tokenizer: Any, ids: list[int], carries: list[bool]) -> dict[str, Any]:
    return {
        "text": tokenizer.decode(ids),
        "ids": ids,
        "pieces": [tokenizer.decode([one]) for one in ids],
        "carries_loss": carries,
    }
