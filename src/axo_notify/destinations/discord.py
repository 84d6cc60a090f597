"""Messages in Discord, through a webhook or as a bot: an embed with the chart, which is edited in place."""

import json
import re
from typing import Any, Self

import httpx

from axo_notify.card import Card
from axo_notify.chart import loss_chart
from axo_notify.destinations.http import ask, client, seconds_in
from axo_notify.destinations.sender import Refused, Sent

MOST_TITLE, MOST_DESCRIPTION, MOST_FOOTER = 256, 4096, 2048  # Discord's own
CHART = "loss.png"
_MARKDOWN = re.compile(r"([\\*_~`|>#\[\]()<@])")


class DiscordMessages:
    """Posts to one URL, and edits what it has posted."""

    can_edit = True

    def __init__(self, http: httpx.AsyncClient, posting: httpx.URL, editing: str) -> None:
        self._http = http
        self._posting = posting
        self._editing = editing

    @classmethod
    def of_webhook(cls, url: str) -> Self:
        """Return what posts through a webhook. A `thread_id` in its URL stays."""
        whole = httpx.URL(url)
        editing = whole.copy_with(path=f"{whole.path.rstrip('/')}/messages/MESSAGE")
        return cls(client(), whole.copy_merge_params({"wait": "true"}), str(editing))

    @classmethod
    def of_bot(cls, api_base: str, channel: str, token: str) -> Self:
        """Return what posts into a channel as a bot."""
        messages = f"{api_base}/channels/{channel}/messages"
        return cls(client({"Authorization": f"Bot {token}"}), httpx.URL(messages), f"{messages}/MESSAGE")

    async def send(self, card: Card, message: str | None) -> Sent:
        """Post a card, or edit the message that is there; where that was deleted, post it anew."""
        request = _request(card, await loss_chart(card.points))
        if message is not None:
            answer = await ask(self._http, "PATCH", self._editing.replace("MESSAGE", message), **request)
            if answer.is_success:
                return Sent(message, _rest(answer))
        answer = await ask(self._http, "POST", str(self._posting), **request)
        if not answer.is_success:
            raise Refused("there is no such webhook or channel (404)")
        return Sent(_message_id(answer), _rest(answer))

    async def close(self) -> None:
        """Close every connection."""
        await self._http.aclose()


def escaped(text: str) -> str:
    """Return text that Discord shows as it is: no markup, no mention."""
    return _MARKDOWN.sub(r"\\\1", text)


def _request(card: Card, chart: bytes | None) -> dict[str, Any]:
    if chart is None:
        return {"json": _payload(card, has_chart=False)}
    payload = json.dumps(_payload(card, has_chart=True))
    return {"data": {"payload_json": payload}, "files": {"files[0]": (CHART, chart, "image/png")}}


def _payload(card: Card, *, has_chart: bool) -> dict[str, Any]:
    embed: dict[str, Any] = {
        "title": escaped(card.title)[:MOST_TITLE],
        "description": "\n".join(map(escaped, card.lines))[:MOST_DESCRIPTION],
        "color": card.colour,
        "footer": {"text": card.footer[:MOST_FOOTER]},
    }
    if card.link:
        embed["url"] = card.link
    if has_chart:
        embed["image"] = {"url": f"attachment://{CHART}"}
    attachments = [{"id": 0, "filename": CHART}] if has_chart else []  # those that are not named are taken away
    return {"embeds": [embed], "attachments": attachments, "allowed_mentions": {"parse": []}}


def _message_id(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["id"])
    except (ValueError, KeyError, TypeError) as error:
        raise Refused("it does not answer as Discord does") from error


def _rest(answer: httpx.Response) -> float:
    is_used_up = answer.headers.get("X-RateLimit-Remaining") == "0"
    return (seconds_in(answer, "X-RateLimit-Reset-After") or 0.0) if is_used_up else 0.0
