"""How many tokens each row has, and how many of them carry loss."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy
import pyarrow.compute as pc
from axolotl.core.trainers.dpo import DPOStrategy
from axolotl.utils.dict import DictDefault

from .loading import tokenizer_of

IGNORED = -100
_ROWS_AT_ONCE = 1000


@dataclass(frozen=True)
class RowTokens:
    """Tokens of each row of an epoch, in the order of the data set. A pair counts with both of its answers."""

    total: numpy.ndarray
    trained: numpy.ndarray
    longest: int  # of the sequences that the model reads
    metric: str  # of the run
    metric_counts: str  # which of the two that metric is

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.total)


def count(cfg: DictDefault, train: Any) -> RowTokens | None:
    """Return the tokens of the rows that are trained on, or None where this is not known for the method."""
    columns = getattr(train, "column_names", None) or ()
    if {"input_ids", "labels"} <= set(columns):
        return _of_labels(train)
    if cfg.rl in ("dpo", "ipo") and {"prompt", "chosen", "rejected"} <= set(columns):
        return _of_pairs(cfg, train)
    return None


def tokenized_pairs(cfg: DictDefault, pairs: Any) -> Any:
    """Return a data set of `prompt_ids`, `chosen_ids` and `rejected_ids`, as TRL's own code makes it of the texts."""
    tokenizer = tokenizer_of(cfg)
    trainer = SimpleNamespace(_tokenizer=tokenizer)
    arguments = SimpleNamespace(dataset_num_proc=None, max_length=cfg.sequence_len, truncation_mode="keep_start")
    return DPOStrategy.get_trainer_class()._prepare_dataset(trainer, pairs, tokenizer, arguments, "train")


def _of_labels(train: Any) -> RowTokens:
    lengths, trained = [], []
    for table in train.select_columns(["input_ids", "labels"]).with_format("arrow").iter(_ROWS_AT_ONCE):
        lengths.append(pc.list_value_length(table["input_ids"]).to_numpy())
        labels = table["labels"].combine_chunks()
        parents = pc.list_parent_indices(labels).to_numpy()
        carries = labels.flatten().to_numpy(zero_copy_only=False) != IGNORED
        trained.append(numpy.bincount(parents[carries], minlength=len(labels)))
    total = _joined(lengths)
    return RowTokens(total, _joined(trained), int(total.max(initial=0)), "tokens/trainable", "trained")


def _of_pairs(cfg: DictDefault, train: Any) -> RowTokens:
    pairs = tokenized_pairs(cfg, train).select_columns(["prompt_ids", "chosen_ids", "rejected_ids"])
    prompt, chosen, rejected = (
        pc.list_value_length(pairs.with_format("arrow")[:][name]).to_numpy() for name in pairs.column_names
    )
    most = cfg.sequence_len
    with_chosen, with_rejected = numpy.minimum(prompt + chosen, most), numpy.minimum(prompt + rejected, most)
    answers = numpy.maximum(with_chosen - prompt, 0) + numpy.maximum(with_rejected - prompt, 0)
    longest = int(numpy.maximum(with_chosen, with_rejected).max(initial=0))
    return RowTokens(with_chosen + with_rejected, answers, longest, "num_tokens", "total")


def _joined(parts: list[numpy.ndarray]) -> numpy.ndarray:
    return numpy.concatenate(parts) if parts else numpy.zeros(0, dtype=numpy.int64)
