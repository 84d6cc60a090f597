"""How a chat writes text, and what of it fits one message. Whatever a person wrote goes through `Markup.quoted`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

LONGEST_QUOTE = 400  # characters: no job's name or message crowds out the rest


@dataclass(frozen=True, slots=True)
class Markup:
    """`escape` takes all meaning from a text, `bold` stands on both its sides; a message has `limit` characters."""

    escape: Callable[[str], str]
    bold: str
    limit: int

    def quoted(self, text: str) -> str:
        """Return a text that is not ours: on one line, of bearable length, and without effect on the chat."""
        line = " ".join(text.split())
        return self.escape(line if len(line) <= LONGEST_QUOTE else f"{line[: LONGEST_QUOTE - 1]}…")

    def strong(self, text: str) -> str:
        """Return `quoted(text)` in bold."""
        return f"{self.bold}{self.quoted(text)}{self.bold}"

    def fitted(self, paragraphs: Sequence[str]) -> str:
        """Return the paragraphs that fit one message, each on lines of its own, and how many do not."""
        for shown in range(len(paragraphs), 0, -1):
            left = len(paragraphs) - shown
            text = "\n".join([*paragraphs[:shown], *([f"… and {left} more"] if left else [])])
            if len(text) <= self.limit:
                return text
        return f"{paragraphs[0][: self.limit - 1]}…"
