"""A stack to ask about, the chats on this machine, and bots that run between them."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.api_process import ApiProcess
from tests.notify_bots import discord_server, slack_server
from tests.notify_bots.discord_server import DiscordServer
from tests.notify_bots.slack_server import SlackServer
from tests.stack.embedded import EmbeddedStack

from axo_notify.bots.running import run_bots
from axo_notify.bots.settings import BotSettings

RunBots = Callable[..., asyncio.Task[None]]


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    """A whole service with a worker, for all tests."""
    with EmbeddedStack(tmp_path_factory.mktemp("service")) as stack:
        yield stack


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiProcess]:
    """A control plane without a worker, for all tests."""
    process = ApiProcess(tmp_path_factory.mktemp("plane"))
    process.settings["AXO_ALLOWED_ROOTS"] = json.dumps([str(process.home)])
    try:
        process.start()
        yield process
    finally:
        process.close()


@pytest.fixture
def keyed_plane(tmp_path: Path) -> Iterator[ApiProcess]:
    """A control plane that asks for keys; the test starts it."""
    process = ApiProcess(tmp_path)
    process.settings["AXO_REQUIRE_KEYS"] = "true"
    yield process
    process.close()


@pytest.fixture
async def discord() -> AsyncIterator[DiscordServer]:
    """Discord."""
    server = DiscordServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    """Slack."""
    server = SlackServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def run() -> AsyncIterator[RunBots]:
    """Run the bots that a dictionary of settings says, until the test ends."""
    tasks: list[asyncio.Task[None]] = []

    def start(**settings: Any) -> asyncio.Task[None]:
        tasks.append(asyncio.create_task(run_bots(BotSettings.model_validate(settings))))
        return tasks[-1]

    yield start
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def discord_settings(discord: DiscordServer) -> dict[str, Any]:
    """A bot in the one server of Discord, whose trainers may cancel."""
    return {
        "token": discord_server.TOKEN,
        "guild": discord_server.GUILD,
        "allowed_roles": [discord_server.TRAINERS_ROLE],
        "readers": "everyone",
        "api_base": discord.api_base,
    }


@pytest.fixture
def slack_settings(slack: SlackServer) -> dict[str, Any]:
    """An app in the one workspace of Slack, whose trainer may cancel."""
    return {
        "bot_token": slack_server.BOT_TOKEN,
        "app_token": slack_server.APP_TOKEN,
        "allowed_users": [slack_server.TRAINER],
        "allowed_channels": [slack_server.TRAINERS_CHANNEL],
        "readers": "everyone",
        "api_base": slack.api_base,
    }
