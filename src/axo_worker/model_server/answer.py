"""One answer while it is written: each piece is said as soon as it is certain."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from .text import GrowingText, StopStrings

Say = Callable[..., None]


class Answer:
    """Takes tokens and says pieces of text, each with the likelihoods of the tokens that begin in it.

    `after` are the tokens of a text that it goes on with; what is said to a conversation begins anew.
    """

    def __init__(self, index: int, tokenizer: Any, stops: Sequence[str], say: Say, after: Sequence[int] = ()) -> None:
        self._index = index
        self._say = say
        self._text = GrowingText(tokenizer, after)
        self._stops = StopStrings(stops)
        self._unsaid: deque[tuple[int, dict[str, Any]]] = deque()  # where in the text a token begins, and the token
        self._read = self._said = 0  # letters
        self.tokens = 0
        self.is_finished = False

    def take(self, token: int, likelihood: dict[str, Any] | None, *, is_end: bool) -> None:
        """Add a token; one that `is_end` ends the answer, and is not part of it."""
        self.tokens += 1
        if is_end:
            self.finish("stop")
            return
        if likelihood is not None:
            self._unsaid.append((self._read, likelihood | {"begins_at": self._read}))
        self._show(self._text.add(token))

    def finish(self, reason: str) -> None:
        """Say what was held back, and that this is all. A stop string in it still counts."""
        if self.is_finished:
            return
        self._show(self._text.rest())
        if not self.is_finished:
            self._end(self._stops.rest(), [token for _, token in self._unsaid], reason)

    def _show(self, text: str) -> None:
        self._read += len(text)
        shown = self._stops.add(text)
        self._said += len(shown)
        tokens = []
        while self._unsaid and self._unsaid[0][0] < self._said:
            tokens.append(self._unsaid.popleft()[1])
        if self._stops.is_found:
            self._end(shown, tokens, "stop")
        elif shown:
            self._say("piece", index=self._index, text=shown, tokens=tokens)

    def _end(self, text: str, tokens: list[dict[str, Any]], reason: str) -> None:
        self.is_finished = True
        self._say("piece", index=self._index, text=text, tokens=tokens, finish_reason=reason)
