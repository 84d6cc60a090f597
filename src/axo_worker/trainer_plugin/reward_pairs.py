"""How a reward model reads pairs of answers. Axolotl loads this as a data set's `type`."""

from typing import Any

from .conversation import Message, Row, pair, rendered, tools_of


class PairTokenizer:
    """Turns a pair into the tokens of two whole conversations, cut to the longest that the model takes."""

    supports_batched = False

    def __init__(self, tokenizer: Any, longest: int) -> None:
        self._tokenizer = tokenizer
        self._longest = longest

    def tokenize_prompt(self, row: Row) -> Row:
        """Return the tokens of both answers, as the collator of TRL's reward trainer takes them."""
        asked, chosen, rejected = pair(row)
        return {"chosen_ids": self._tokens(asked, chosen, row), "rejected_ids": self._tokens(asked, rejected, row)}

    def _tokens(self, asked: list[Message], answer: Message, row: Row) -> list[int]:
        text = rendered(self._tokenizer, asked, answer, tools=tools_of(row)).rstrip()
        tokens: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return tokens[: self._longest]


def load(tokenizer: Any, cfg: Any) -> PairTokenizer:
    """Return the reader, as Axolotl asks for it."""
    return PairTokenizer(tokenizer, cfg.sequence_len)
