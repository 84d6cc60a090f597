"""Runs the bots that the settings name, each for itself."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from time import monotonic

from axo_notify.bots.api import AxoApi
from axo_notify.bots.failures import BotFailure
from axo_notify.bots.settings import BotSettings

log = logging.getLogger(__name__)

FIRST_WAIT_SECONDS = 2.0
LONGEST_WAIT_SECONDS = 300.0


async def run_bots(settings: BotSettings) -> None:
    """Answer in each chat that is configured, until cancelled.

    A bot that its chat refuses is told in one sentence and left out; one whose chat cannot be reached is started again,
    2 s later and then ever later, up to 5 min. Returns when every bot was refused.
    """
    async with AxoApi(settings.api) as api, asyncio.TaskGroup() as group:
        for bot in _bots(settings, api):
            group.create_task(_keep_running(bot))


def _bots(settings: BotSettings, api: AxoApi) -> list[Callable[[], Awaitable[None]]]:
    """Import what a chat needs when it is configured: each library takes time and memory."""
    bots: list[Callable[[], Awaitable[None]]] = []
    if settings.discord is not None:
        from axo_notify.bots.discord_bot import run_discord

        bots.append(partial(run_discord, settings.discord, api))
    if settings.slack is not None:
        from axo_notify.bots.slack_bot import run_slack

        bots.append(partial(run_slack, settings.slack, api))
    return bots


async def _keep_running(bot: Callable[[], Awaitable[None]]) -> None:
    wait_seconds = FIRST_WAIT_SECONDS
    while True:
        started = monotonic()
        try:
            await bot()
        except BotFailure as failure:
            log.warning("%s", failure)
            if failure.is_final:
                return
        except Exception:
            log.exception("A bot broke, and is started again.")
        if monotonic() - started > LONGEST_WAIT_SECONDS:
            wait_seconds = FIRST_WAIT_SECONDS
        await asyncio.sleep(wait_seconds)
        wait_seconds = min(2 * wait_seconds, LONGEST_WAIT_SECONDS)
