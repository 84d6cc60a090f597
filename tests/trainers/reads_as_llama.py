"""Reads tokens as the model server does, with a tokenizer that decodes as Llama's. Run by the trainer's Python.

Its argument and what it prints are JSON: lists `[after, answer, stops]` of tokens, tokens and texts; for each, the text
of the answer, and its tokens' texts.
"""

import json
import sys
from typing import Any

from axo_model_server.answer import Answer
from axo_model_server.text import behind_another
from tokenizers import Tokenizer, decoders, models


class Llama:
    """A tokenizer with the method of transformers' that is used."""

    def __init__(self, words: list[str]) -> None:
        vocabulary = {word: number for number, word in enumerate(["<unk>", "<s>", *words])}
        self.vocabulary = vocabulary
        self._tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="<unk>", byte_fallback=True))
        self._tokenizer.add_special_tokens(["<unk>", "<s>"])
        self._tokenizer.decoder = decoders.Sequence(
            [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
        )

    def decode(self, ids: list[int], *, clean_up_tokenization_spaces: bool, skip_special_tokens: bool = False) -> str:
        """Return the text of tokens."""
        assert not clean_up_tokenization_spaces
        return str(self._tokenizer.decode(ids, skip_special_tokens=skip_special_tokens))


def main(asked: list[tuple[list[str], list[str], list[str]]]) -> None:
    tokenizer = Llama(sorted({word for after, answer, _ in asked for word in (*after, *answer)} - {"<s>"}))
    print(json.dumps([read(tokenizer, *one) for one in asked]))


def read(tokenizer: Llama, after: list[str], answer: list[str], stops: list[str]) -> dict[str, Any]:
    """Return what is said of an answer."""
    said: list[dict[str, Any]] = []
    before, tokens = ([tokenizer.vocabulary[word] for word in words] for words in (after, answer))
    writing = Answer(0, tokenizer, stops, lambda kind, **piece: said.append(piece), before)
    for token in tokens:
        if not writing.is_finished:
            writing.take(token, {"text": behind_another(tokenizer, token)}, is_end=False)
    writing.finish("length")
    return {
        "text": "".join(piece["text"] for piece in said),
        "tokens": [token for piece in said for token in piece["tokens"]],
    }


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
