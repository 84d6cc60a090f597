"""Messages in Slack by a bot's token: edited in place, with the chart in the thread when the job has ended."""

from http import HTTPStatus
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from axo_notify.card import Card
from axo_notify.chart import loss_chart
from axo_notify.destinations.http import seconds_of
from axo_notify.destinations.sender import Refused, Sent, TryLater
from axo_notify.destinations.slack_text import slack_text

log = structlog.get_logger(__name__)

SECONDS = 30
PASSING = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"})
GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})


class SlackBotMessages:
    """Posts into one channel, and edits what it has posted. A message is called `CHANNEL TS`."""

    can_edit = True

    def __init__(self, api_base: str, channel: str, token: str) -> None:
        self._channel = channel
        self._slack = AsyncWebClient(token=token, base_url=f"{api_base}/", timeout=SECONDS, retry_handlers=[])

    async def send(self, card: Card, message: str | None) -> Sent:
        """Post a card, or edit the message that is there; where that was deleted, post it anew."""
        text = slack_text(card)
        sent = await self._edit(text, message) if message else None
        sent = sent or await self._post(text)
        if card.has_ended and (chart := await loss_chart(card.points)):
            await self._show(chart, sent)
        return Sent(sent)

    async def close(self) -> None:
        """Nothing is open between two calls."""

    async def _post(self, text: str) -> str:
        answer = await self._call("chat.postMessage", channel=self._channel, text=text, unfurl_links=False)
        return f"{answer['channel']} {answer['ts']}"

    async def _edit(self, text: str, message: str) -> str | None:
        channel, ts = message.split()
        try:
            await self._call("chat.update", channel=channel, ts=ts, text=text)
        except _Gone:
            return None
        return message

    async def _show(self, chart: bytes, message: str) -> None:
        channel, ts = message.split()
        try:
            await self._slack.files_upload_v2(channel=channel, thread_ts=ts, content=chart, filename="loss.png")
        except (SlackClientError, aiohttp.ClientError, TimeoutError) as error:
            log.warning(
                "Slack did not take a chart; look whether the bot has the scope files:write", error=type(error).__name__
            )

    async def _call(self, method: str, **body: Any) -> Any:
        try:
            return await self._slack.api_call(method, json=body)
        except SlackApiError as error:
            raise _meaning(error) from None  # its text shows the request
        except (TimeoutError, SlackClientError, aiohttp.ClientError, ValueError) as error:
            raise TryLater(f"it cannot be reached ({type(error).__name__})") from None


class _Gone(Exception):
    """The message was deleted, or is no longer to be edited."""


def _meaning(error: SlackApiError) -> Exception:
    answer: Any = error.response
    if not isinstance(answer, AsyncSlackResponse):  # no JSON: it is aiohttp's
        return TryLater(f"it answered {answer.status}, and not as Slack does")
    status = answer.status_code
    code = str(answer.get("error") or "") if isinstance(answer.data, dict) else ""
    if status == HTTPStatus.TOO_MANY_REQUESTS or code in {"ratelimited", "rate_limited"}:
        return TryLater("it wants fewer messages", seconds_of(answer.headers.get("Retry-After")))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or code in PASSING:
        return TryLater(f"it answered {code or status}")
    return _Gone() if code in GONE else Refused(f"it answered {code or status}")
