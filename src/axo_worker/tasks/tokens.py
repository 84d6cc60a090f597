"""Rows as the tokens that training would learn from: Axolotl's own strategies render and mask them."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from axolotl.prompt_strategies import load
from axolotl.prompt_tokenizers import AlpacaPromptTokenizingStrategy
from axolotl.prompters import AlpacaPrompter
from axolotl.utils.dict import DictDefault

from .rows import Row, RowError

IGNORED = -100  # the label of a token that carries no loss


class Sequence(NamedTuple):
    """What goes through the model in one piece: the tokens of a row, and which of them count."""

    row: int
    ids: list[int]
    counts: list[bool]


class Tokens:
    """Turns rows into sequences. `left_out` counts those that are too long, or have no token that counts."""

    def __init__(self, tokenizer: Any, config: dict[str, Any]) -> None:
        self._tokenizer = tokenizer
        self._longest = config["sequence_len"]
        self._strategies: dict[str, Any] = {}
        self.left_out = 0

    def of_rows(self, rows: list[Row]) -> list[Sequence]:
        """Return the sequences of all rows. Raises `RowError`."""
        return [sequence for row in rows for sequence in self._fitting(row.number, self._tokenized(row))]

    def of_text(self, number: int, text: str) -> list[Sequence]:
        """Return the sequence of a text, every token of which counts."""
        ids = self._tokenizer(text)["input_ids"]
        return list(self._fitting(number, [(ids, ids)]))

    def _fitting(self, number: int, found: list[tuple[list[int], list[int]]]) -> Iterator[Sequence]:
        fitting = False
        for ids, labels in found:
            counts = [label != IGNORED for label in labels]
            if len(ids) <= self._longest and any(counts[1:]):  # nothing stands before the first token
                fitting = True
                yield Sequence(number, list(ids), [False, *counts[1:]])
        self.left_out += not fitting

    def _tokenized(self, row: Row) -> list[tuple[list[int], list[int]]]:
        strategy = self._strategy(row.dataset)
        try:
            if strategy.supports_batched:
                found = strategy.tokenize_prompt({name: [value] for name, value in row.fields.items()})
                return list(zip(found.get("input_ids", ()), found.get("labels", ()), strict=True))
            found = strategy.tokenize_prompt(row.fields)
        except Exception as error:
            raise RowError(f"row {row.number}: Axolotl cannot read it: {error}") from error
        return [(found["input_ids"], found["labels"])]

    def _strategy(self, dataset: dict[str, Any]) -> Any:
        key = repr(sorted(dataset.items(), key=lambda item: item[0]))
        if key not in self._strategies:
            self._strategies[key] = _strategy(self._tokenizer, dataset, self._longest)
        return self._strategies[key]


def _strategy(tokenizer: Any, dataset: dict[str, Any], longest: int) -> Any:
    cfg = DictDefault(train_on_inputs=False, sequence_len=longest, chat_template="tokenizer_default")
    if dataset["type"] == "alpaca":
        return AlpacaPromptTokenizingStrategy(AlpacaPrompter(""), tokenizer, False, longest)
    return load(dataset["type"], tokenizer, cfg, DictDefault(dataset))
