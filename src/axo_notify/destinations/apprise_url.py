"""E-mail and the hundred other services of Apprise. None of what it sends can be edited."""

from typing import Any

from axo_notify.card import Card
from axo_notify.chart import loss_chart
from axo_notify.destinations.sender import Sent, TryLater


class AppriseUrl:
    """Sends to one URL of Apprise."""

    can_edit = False

    def __init__(self, url: str) -> None:
        """Raises `ValueError` for a URL that Apprise does not know."""
        from apprise import Apprise  # late: it loads a second long

        self._apprise: Any = Apprise()
        if not self._apprise.add(url):
            raise ValueError("this is no URL of Apprise; https://appriseit.com lists them")

    async def send(self, card: Card, message: str | None) -> Sent:
        """Send a card, with the chart where the service takes pictures."""
        chart = await loss_chart(card.points) if card.has_ended else None
        body = "\n".join((*card.lines, card.footer, *filter(None, [card.link])))
        if not await self._apprise.async_notify(
            title=card.title, body=body, body_format="text", attach=_attached(chart) if chart else None
        ):
            raise TryLater("Apprise could not send it")  # it does not say why
        return Sent("")

    async def close(self) -> None:
        """Nothing is open between two messages."""


def _attached(chart: bytes) -> Any:
    from apprise.attachment import memory

    in_memory: Any = memory.AttachMemory  # Apprise leaves it untyped
    return in_memory(content=chart, name="loss.png", mimetype="image/png")
