"""The commands in Discord, through discord.py. Answers are seen by who asked only."""

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from re import Match
from typing import Any, Self, TypeAlias

import aiohttp
import discord
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from axo_contracts.lifecycle import JobStatus
from axo_contracts.meant_job import WHOLE_ID
from axo_notify.bots.api import AxoApi
from axo_notify.bots.commands import BROKEN, MAY_NOT_CANCEL, MAY_NOT_READ, Answer, Commands
from axo_notify.bots.failures import BotRefused, ChatUnreachable
from axo_notify.bots.markup import Markup
from axo_notify.bots.settings import DiscordSettings

log = logging.getLogger(__name__)

MOST_CHOICES = 25
LONGEST_CHOICE = 100  # characters
AUTHENTICATION_FAILED = 4004  # as the gateway closes

Interaction: TypeAlias = "discord.Interaction[DiscordBot]"


class DiscordBot(discord.Client):
    """Registers the commands when it has logged in, and answers them."""

    def __init__(self, settings: DiscordSettings, commands: Commands) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True),  # with which Discord says the roles of who asks
            allowed_mentions=discord.AllowedMentions.none(),
        )
        self.commands = commands
        self._settings = settings
        self._guild = discord.Object(settings.guild) if settings.guild else None
        self._tree = _Tree(self)
        for command in COMMANDS:
            self._tree.add_command(command, guild=self._guild)
        self.add_dynamic_items(CancelButton)

    async def setup_hook(self) -> None:
        """Tell Discord the commands, and find the gateway where the settings name another API than Discord's own."""
        if self._settings.api_base != DiscordSettings.model_fields["api_base"].default:
            _, gateway, _ = await self.http.get_bot_gateway()
            DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)
        await self._tree.sync(guild=self._guild)

    def may_read(self, interaction: Interaction) -> bool:
        """Return whether who asks may see jobs."""
        return self._is_here(interaction) and self._settings.may_read(interaction.user.id, _roles(interaction))

    def may_cancel(self, interaction: Interaction) -> bool:
        """Return whether who asks may cancel jobs."""
        return self._is_here(interaction) and self._settings.may_cancel(interaction.user.id, _roles(interaction))

    def _is_here(self, interaction: Interaction) -> bool:
        return interaction.guild_id is not None and self._settings.guild in {None, interaction.guild_id}


class _Tree(app_commands.CommandTree[DiscordBot]):
    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError) -> None:
        log.error("A command broke in Discord.", exc_info=error)
        if interaction.response.is_done():
            await interaction.edit_original_response(content=BROKEN)


async def run_discord(settings: DiscordSettings, api: AxoApi) -> None:
    """Answer in Discord until cancelled. Raises `BotFailure`."""
    Route.BASE = settings.api_base.rstrip("/")
    try:
        async with DiscordBot(settings, Commands(api, MARKUP)) as bot:
            await bot.start(settings.token.get_secret_value())
    except discord.LoginFailure as error:
        raise BotRefused("Discord does not accept the bot's token (bots.discord.token).") from error
    except discord.Forbidden as error:
        raise BotRefused("Discord does not let the bot into its server (bots.discord.guild); invite it.") from error
    except discord.ConnectionClosed as error:
        if error.code == AUTHENTICATION_FAILED:
            raise BotRefused("Discord does not accept the bot's token any more (bots.discord.token).") from error
        raise ChatUnreachable(f"Discord closed the connection ({error.code}).") from error
    except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as error:
        raise ChatUnreachable(f"Discord cannot be reached: {error or type(error).__name__}.") from error


async def _choices(interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
    bot = interaction.client
    if not bot.may_read(interaction):
        return []
    found = await bot.commands.choices(current, MOST_CHOICES)
    return [app_commands.Choice(name=label[:LONGEST_CHOICE], value=job_id) for label, job_id in found]


@app_commands.command(description="The newest jobs, how far they are and when they are done.")
@app_commands.guild_only()
@app_commands.describe(status="Only jobs with this status.")
@app_commands.choices(status=[app_commands.Choice(name=status, value=status) for status in JobStatus])
async def jobs(interaction: Interaction, status: str | None = None) -> None:
    """Answer /jobs."""
    await _answer(interaction, partial(interaction.client.commands.jobs, status))


@app_commands.command(description="Where a job stands, its newest metrics, what it waits for or why it failed.")
@app_commands.guild_only()
@app_commands.describe(job="Its name, its id or the beginning of that.")
@app_commands.autocomplete(job=_choices)
async def job(interaction: Interaction, job: str) -> None:
    """Answer /job."""
    await _answer(interaction, partial(interaction.client.commands.job, job))


@app_commands.command(description="End a job for good; you are asked once more.")
@app_commands.guild_only()
@app_commands.describe(job="Its name, its id or the beginning of that.")
@app_commands.autocomplete(job=_choices)
async def cancel(interaction: Interaction, job: str) -> None:
    """Answer /cancel with a question and a button."""
    await _answer(interaction, partial(interaction.client.commands.ask_to_cancel, job), cancels=True)


COMMANDS: tuple[app_commands.Command[Any, ..., Any], ...] = (jobs, job, cancel)


class CancelButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=rf"axo:cancel:(?P<job>{WHOLE_ID.pattern})"):
    """Cancels the job that its id names, also when the bot was restarted after it was shown."""

    def __init__(self, job_id: str) -> None:
        self._job_id = job_id
        style = discord.ButtonStyle.danger
        super().__init__(discord.ui.Button(label="Cancel the job", style=style, custom_id=f"axo:cancel:{job_id}"))

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: discord.ui.Item[Any], match: Match[str], /
    ) -> Self:
        """Return the button that was pressed."""
        return cls(match["job"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Cancel the job, and put what became of it in the place of the question."""
        asked_by = f"Discord's user {interaction.user.id}"
        cancelling = partial(interaction.client.commands.cancel, self._job_id, by=asked_by)
        await _answer(interaction, cancelling, cancels=True)


async def _answer(interaction: Interaction, answer: Callable[[], Awaitable[Answer]], *, cancels: bool = False) -> None:
    """Acknowledge within Discord's three seconds, then answer in that place."""
    await interaction.response.defer(ephemeral=True)
    bot = interaction.client
    may = bot.may_cancel(interaction) if cancels else bot.may_read(interaction)
    told = await answer() if may else Answer(MAY_NOT_CANCEL if cancels else MAY_NOT_READ)
    await interaction.edit_original_response(content=told.text, view=_buttons(told))


def _buttons(answer: Answer) -> discord.ui.View | None:
    if answer.cancels is None:
        return None
    view = discord.ui.View(timeout=None)
    view.add_item(CancelButton(answer.cancels))
    return view


def _roles(interaction: Interaction) -> frozenset[int]:
    member = interaction.user
    return frozenset(role.id for role in member.roles) if isinstance(member, discord.Member) else frozenset()


def _escape(text: str) -> str:
    escaped = discord.utils.escape_mentions(discord.utils.escape_markdown(text, ignore_links=False))
    return escaped.replace("<", "\\<")  # channels, times and emoji


MARKUP = Markup(escape=_escape, bold="**", limit=2000)
