"""The commands in Slack, through slack-bolt in Socket Mode. Answers are seen by who asked only."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import aiohttp
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from axo_notify.bots.api import AxoApi
from axo_notify.bots.commands import BROKEN, MAY_NOT_CANCEL, MAY_NOT_READ, Answer, Commands
from axo_notify.bots.failures import BotRefused, ChatUnreachable
from axo_notify.bots.markup import Markup
from axo_notify.bots.settings import SlackSettings

log = logging.getLogger(__name__)

CANCEL, KEEP = "axo_cancel", "axo_keep"
TRANSIENT = frozenset({"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"})

Body = dict[str, Any]


class SlackBot:
    """What is done with the commands and buttons that `app` hears."""

    def __init__(self, app: AsyncApp, settings: SlackSettings, commands: Commands) -> None:
        self._settings = settings
        self._commands = commands
        app.command("/jobs")(self._jobs)
        app.command("/job")(self._job)
        app.command("/cancel")(self._ask_to_cancel)
        app.action(CANCEL)(self._cancel)
        app.action(KEEP)(self._keep)
        app.error(self._tell_broken)

    async def _jobs(self, ack: AsyncAck, command: Body, respond: AsyncRespond) -> None:
        await ack()
        await self._answer(command, respond, partial(self._commands.jobs, command["text"].strip() or None))

    async def _job(self, ack: AsyncAck, command: Body, respond: AsyncRespond) -> None:
        await ack()
        await self._answer(command, respond, partial(self._commands.job, command["text"].strip()))

    async def _ask_to_cancel(self, ack: AsyncAck, command: Body, respond: AsyncRespond) -> None:
        await ack()
        asking = partial(self._commands.ask_to_cancel, command["text"].strip())
        await self._answer(command, respond, asking, cancels=True)

    async def _cancel(self, ack: AsyncAck, body: Body, action: Body, respond: AsyncRespond) -> None:
        await ack()
        who = {"user_id": body["user"]["id"], "channel_id": body["channel"]["id"]}
        cancelling = partial(self._commands.cancel, action["value"], by=f"Slack's user {who['user_id']}")
        await self._answer(who, respond, cancelling, cancels=True, replaces=True)

    async def _keep(self, ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack()
        await respond(delete_original=True)

    async def _tell_broken(self, error: Exception, respond: AsyncRespond) -> None:
        log.error("A command broke in Slack.", exc_info=error)
        await respond(text=BROKEN, response_type="ephemeral", replace_original=False)

    async def _answer(
        self,
        who: Mapping[str, str],
        respond: AsyncRespond,
        answer: Callable[[], Awaitable[Answer]],
        *,
        cancels: bool = False,
        replaces: bool = False,
    ) -> None:
        may = self._settings.may_cancel if cancels else self._settings.may_read
        refused = Answer(MAY_NOT_CANCEL if cancels else MAY_NOT_READ)
        told = await answer() if may(who["user_id"], who["channel_id"]) else refused
        await respond(text=told.text, blocks=_blocks(told), response_type="ephemeral", replace_original=replaces)


async def run_slack(settings: SlackSettings, api: AxoApi) -> None:
    """Answer in Slack until cancelled. Raises `BotFailure`."""
    client = AsyncWebClient(token=settings.bot_token.get_secret_value(), base_url=f"{settings.api_base.rstrip('/')}/")
    client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=2))
    app = AsyncApp(client=client, logger=log)
    SlackBot(app, settings, Commands(api, MARKUP))
    handler = AsyncSocketModeHandler(app, settings.app_token.get_secret_value())
    try:
        await client.auth_test()
        # asked for here, because `connect_async` would go on asking for ever with a token that is not accepted
        handler.client.wss_uri = await handler.client.issue_new_wss_url()
        await handler.connect_async()  # type: ignore[no-untyped-call]
        await asyncio.Event().wait()
    except SlackApiError as error:
        raise _failure(error) from error
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise ChatUnreachable(f"Slack cannot be reached: {error or type(error).__name__}.") from error
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]


def _failure(error: SlackApiError) -> BotRefused | ChatUnreachable:
    code = error.response.get("error") or "unknown_error"
    if code in TRANSIENT:
        return ChatUnreachable(f"Slack cannot answer at the moment ({code}).")
    token = "app_token" if error.response.api_url.endswith("apps.connections.open") else "bot_token"
    return BotRefused(f"Slack does not accept the app (bots.slack.{token}): {code}.")


def _blocks(answer: Answer) -> list[Body]:
    text = {"type": "section", "text": {"type": "mrkdwn", "text": answer.text, "verbatim": True}}
    if answer.cancels is None:
        return [text]
    buttons = [
        {**_button("Cancel the job", CANCEL), "style": "danger", "value": answer.cancels},
        _button("Keep it", KEEP),
    ]
    return [text, {"type": "actions", "elements": buttons}]


def _button(label: str, action: str) -> Body:
    return {"type": "button", "action_id": action, "text": {"type": "plain_text", "text": label}}


# Slack has escapes for three characters only; others that mean something are shown by their like.
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "*": "∗", "~": "∼", "`": "ˋ"})
MARKUP = Markup(escape=lambda text: text.translate(_ESCAPES), bold="*", limit=3000)
