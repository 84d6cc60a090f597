"""Messages through an incoming webhook of Slack, which says no id: nothing that it has posted can be edited."""

from axo_notify.card import Card
from axo_notify.destinations.http import ask, client
from axo_notify.destinations.sender import Refused, Sent
from axo_notify.destinations.slack_text import slack_text


class SlackWebhook:
    """Posts to one webhook."""

    can_edit = False

    def __init__(self, url: str) -> None:
        self._url = url
        self._http = client()

    async def send(self, card: Card, message: str | None) -> Sent:
        """Post a card."""
        body = {"text": slack_text(card), "unfurl_links": False}
        if not (await ask(self._http, "POST", self._url, json=body)).is_success:
            raise Refused("there is no such webhook (404)")
        return Sent("")

    async def close(self) -> None:
        """Close every connection."""
        await self._http.aclose()
