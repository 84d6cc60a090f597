"""The section `bots:` of the notifier's YAML: which chats may ask, and who in them may do what."""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, SecretStr, model_validator

from axo_contracts.strict import Strict
from axo_notify.api_settings import ApiSettings

Snowflake = Annotated[int, Field(ge=1, lt=2**64)]
"""An id of Discord's. With quotes or without in YAML."""
SlackId = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]+$")]
Readers = Literal["listed", "everyone"]


class Section(Strict):
    """A part of the settings. What was written is not repeated in errors: it may be a secret."""

    model_config = ConfigDict(hide_input_in_errors=True)


class DiscordSettings(Section):
    """A bot of Discord. Listed people may cancel."""

    token: Annotated[SecretStr, Field(min_length=1)]
    """The bot's token."""
    guild: Snowflake | None = None
    """Answer in this server only, and have the commands there at once. Otherwise wherever the bot was added."""
    allowed_roles: tuple[Snowflake, ...] = ()
    """Who has one of these roles is listed."""
    allowed_users: tuple[Snowflake, ...] = ()
    """Who is listed by id."""
    readers: Readers = "listed"
    """Who may see jobs: `listed`, or `everyone` in a server that the bot is in."""
    api_base: str = "https://discord.com/api/v10"
    """Discord's API, or a proxy of it. One for the whole process."""

    def may_cancel(self, user: int, roles: frozenset[int]) -> bool:
        """Return whether a member of the server is listed."""
        return user in self.allowed_users or not roles.isdisjoint(self.allowed_roles)

    def may_read(self, user: int, roles: frozenset[int]) -> bool:
        """Return whether a member of the server may see jobs."""
        return self.readers == "everyone" or self.may_cancel(user, roles)


class SlackSettings(Section):
    """An app of Slack, in Socket Mode. Listed people may cancel."""

    bot_token: Annotated[SecretStr, Field(min_length=1)]
    """The bot's token: xoxb-…"""
    app_token: Annotated[SecretStr, Field(min_length=1)]
    """The app-level token with the scope connections:write: xapp-…"""
    allowed_users: tuple[SlackId, ...] = ()
    """Who is listed by member id, such as U012ABCDEF."""
    allowed_channels: tuple[SlackId, ...] = ()
    """Who asks in one of these channels is listed, such as C012ABCDEF: a private channel serves as a role."""
    readers: Readers = "listed"
    """Who may see jobs: `listed`, or `everyone` in the workspace."""
    api_base: str = "https://slack.com/api/"
    """Slack's API, or a proxy of it."""

    @model_validator(mode="after")
    def _check_kinds(self) -> Self:
        for name, token, prefix in (("bot_token", self.bot_token, "xoxb-"), ("app_token", self.app_token, "xapp-")):
            if not token.get_secret_value().startswith(prefix):
                raise ValueError(f"{name}: it begins with {prefix}; the app's settings in Slack show it")
        return self

    def may_cancel(self, user: str, channel: str) -> bool:
        """Return whether who asks in a channel is listed."""
        return user in self.allowed_users or channel in self.allowed_channels

    def may_read(self, user: str, channel: str) -> bool:
        """Return whether who asks in a channel may see jobs."""
        return self.readers == "everyone" or self.may_cancel(user, channel)


class BotSettings(Section):
    """Bots that answer /jobs, /job and /cancel."""

    api: ApiSettings
    """The service that the commands ask; who may cancel needs a key of the scope `train`."""
    discord: DiscordSettings | None = None
    slack: SlackSettings | None = None

    @model_validator(mode="after")
    def _check_there_is_one(self) -> Self:
        if self.discord is None and self.slack is None:
            raise ValueError("bots: give a section `discord` or `slack`, or both; see docs/bots.md")
        return self
