"""From tokens to text while they come: letters only when they are whole, and never any of a stop string."""

from collections.abc import Sequence
from typing import Any

_NO_LETTER = "\ufffd"  # what the bytes of half a letter read as
_CONTEXT = 8  # tokens; more than specials, which are not read, stand together
_LETTER = 4  # bytes, at most, each of which may be a token


def behind_another(tokenizer: Any, token: int) -> str:
    """Return how a token reads behind another. Alone it may lack its space: Llama's decoder strips the first's."""
    one, two = (tokenizer.decode([token] * times, clean_up_tokenization_spaces=False) for times in (1, 2))
    text: str = two[len(one) :]
    return text


class GrowingText:
    """Tokens as text. What is read of them together is the same as what the tokenizer makes of all at once.

    They follow the tokens `after`, on which depends how the first reads.
    """

    def __init__(self, tokenizer: Any, after: Sequence[int] = ()) -> None:
        self._tokenizer = tokenizer
        self._ids = list(after[-_CONTEXT:])
        self._begin = 0  # the tokens from here on are read together: how a token reads depends on the one before
        self._told = len(self._ids)
        self._begin_at_a_letter(after)

    def add(self, token: int) -> str:
        """Return the text that one more token makes certain; none while it ends in half a letter."""
        self._ids.append(token)
        return self._more(is_last=False)

    def rest(self) -> str:
        """Return what was held back, when no token follows."""
        return self._more(is_last=True)

    def _begin_at_a_letter(self, after: Sequence[int]) -> None:
        """Look for a beginning that is not within a letter, and for an end, after which a letter may be told whole.

        Where there is none, the tokens before are no text, and are left as they are.
        """
        for more in range(_LETTER):
            ids = list(after[-_CONTEXT - more :])
            for half in range(min(_LETTER, len(ids) + 1)):
                if not self._decode(ids[: len(ids) - half]).endswith(_NO_LETTER):
                    self._ids, self._told = ids, len(ids) - half
                    return

    def _more(self, *, is_last: bool) -> str:
        before, now = self._read(self._told), self._read(len(self._ids))
        if len(now) <= len(before) or (now.endswith(_NO_LETTER) and not is_last):
            return ""
        self._begin, self._told = self._told, len(self._ids)
        return now[len(before) :]

    def _read(self, end: int) -> str:
        return self._decode(self._ids[self._begin : end])

    def _decode(self, ids: list[int]) -> str:
        text: str = self._tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
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
