"""From tokens to text while they come: letters only when they are whole, and never any of a stop string."""

from collections.abc import Sequence
from typing import Any

_NO_LETTER = "\ufffd"  # what the bytes of half a letter read as


class GrowingText:
    """Tokens as text. What is read of them together is the same as what the tokenizer makes of all at once."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._ids: list[int] = []
        self._begin = 0  # the tokens from here on are read together: how a token reads depends on the one before
        self._told = 0

    def add(self, token: int) -> str:
        """Return the text that one more token makes certain; none while it ends in half a letter."""
        self._ids.append(token)
        return self._more(is_last=False)

    def rest(self) -> str:
        """Return what was held back, when no token follows."""
        return self._more(is_last=True)

    def _more(self, *, is_last: bool) -> str:
        before, now = self._read(self._told), self._read(len(self._ids))
        if len(now) <= len(before) or (now.endswith(_NO_LETTER) and not is_last):
            return ""
        self._begin, self._told = self._told, len(self._ids)
        return now[len(before) :]

    def _read(self, end: int) -> str:
        text: str = self._tokenizer.decode(
            self._ids[self._begin : end], skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return text


class StopStrings:
    """Holds back text that may be the beginning of a stop string. `is_found` once one was whole."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = stops
        self._held = ""
        self.is_found = False

    def add(self, text: str) -> str:
        """Return what of the text so far may be shown: up to the first stop string, or to what may become one."""
        self._held += text
        found = min((at for stop in self._stops if (at := self._held.find(stop)) >= 0), default=None)
        if found is not None:
            self.is_found = True
            shown, self._held = self._held[:found], ""
            return shown
        cut = len(self._held) - self._longest_beginning()
        shown, self._held = self._held[:cut], self._held[cut:]
        return shown

    def rest(self) -> str:
        """Return what was held back, when no text follows."""
        held, self._held = self._held, ""
        return held

    def _longest_beginning(self) -> int:
        sizes = (size for stop in self._stops for size in range(1, len(stop)) if self._held.endswith(stop[:size]))
        return max(sizes, default=0)
