"""What all senders have in common, and how they say that a message could not be sent."""

from dataclasses import dataclass
from typing import Protocol

from axo_notify.card import Card


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that is there: what it is called, and for how long its place wants no other."""

    message: str
    rest_seconds: float = 0.0


class Sender(Protocol):
    """Posts to one place."""

    can_edit: bool

    async def send(self, card: Card, message: str | None) -> Sent:
        """Post a card, or edit the message that is there. Raises `TryLater` and `Refused`."""

    async def close(self) -> None:
        """Close every connection."""


class TryLater(Exception):
    """It may go well later: in `seconds`, if the place said so."""

    def __init__(self, why: str, seconds: float | None = None) -> None:
        super().__init__(why)
        self.seconds = seconds


class Refused(Exception):
    """It will not go well: the address or the token is wrong, or may not post. The text names neither."""
