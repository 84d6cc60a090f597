"""The notifier's YAML file: where messages go, and which jobs and events they are about."""

from fnmatch import fnmatchcase
from typing import Annotated, Literal, Self

import httpx
from pydantic import AfterValidator, BeforeValidator, Field, HttpUrl, SecretStr, field_validator, model_validator

from axo_contracts.events import EVENT_TYPES
from axo_contracts.strict import Strict
from axo_notify.api_settings import ApiSettings
from axo_notify.bots.settings import BotSettings
from axo_notify.event_names import is_named


def _web_address(secret: SecretStr) -> SecretStr:
    try:
        url = httpx.URL(secret.get_secret_value())
    except httpx.InvalidURL as error:
        raise ValueError("this is no URL") from error
    if url.scheme not in {"https", "http"} or not url.host:
        raise ValueError("give the whole address: https://…")
    return secret


Token = Annotated[SecretStr, Field(min_length=1)]
SecretUrl = Annotated[SecretStr, AfterValidator(_web_address)]
"""An address that is a secret: whoever knows it may post."""
Channel = Annotated[str, BeforeValidator(lambda given: str(given) if isinstance(given, int) else given)]
Glob = Annotated[str, Field(min_length=1)]
"""Text in which * and ? stand for any characters."""
Base = Annotated[str, AfterValidator(lambda base: base.rstrip("/"))]
Kind = Literal["discord_webhook", "discord_bot", "slack_webhook", "slack_bot", "apprise"]
KINDS: tuple[Kind, ...] = ("discord_webhook", "discord_bot", "slack_webhook", "slack_bot", "apprise")


class DiscordBot(Strict):
    """A bot of Discord that posts into a channel."""

    token: Token
    """The bot's token."""
    channel: Annotated[Channel, Field(pattern=r"^\d{1,20}$")]
    """The channel's id: Copy Channel ID, in Discord's developer mode."""
    api_base: Base = "https://discord.com/api/v10"
    """Discord's API, or a proxy of it."""


class SlackBot(Strict):
    """An app of Slack that posts into a channel, by its bot token (xoxb-…)."""

    token: Token
    """The bot's token, with the scope chat:write, and files:write for the chart."""
    channel: Annotated[str, Field(min_length=1)]
    """The channel's id, such as C012ABCDEF. The app must be in it."""
    api_base: Base = "https://slack.com/api"
    """Slack's API, or a proxy of it."""


class Destination(Strict):
    """A place that messages go to: one of five kinds."""

    discord_webhook: SecretUrl | None = None
    """The webhook's URL, from the channel's settings in Discord."""
    discord_bot: DiscordBot | None = None
    slack_webhook: SecretUrl | None = None
    """The incoming webhook's URL, from the app's settings in Slack. Such messages cannot be edited."""
    slack_bot: SlackBot | None = None
    apprise: SecretStr | None = None
    """Any URL of Apprise: mailto://…, tgram://…, ntfy://…. Such messages cannot be edited."""
    edit_seconds: Annotated[float, Field(ge=0, le=3600)] = 10.0
    """A message is edited once in so many seconds at most; how a job ends is told at once."""

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of {', '.join(KINDS)}; got {', '.join(given) or 'none'}")
        return self

    @property
    def kind(self) -> Kind:
        """Which of the five it is."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)


class Rule(Strict):
    """Which jobs and events go to which destinations. What is left out does not matter."""

    to: Annotated[tuple[str, ...], Field(min_length=1)]
    """Names of destinations."""
    owner: Glob | None = None
    """Whose jobs."""
    model: Glob | None = None
    """Jobs of which base models, such as meta-llama/*."""
    name: Glob | None = None
    """Jobs that people gave such a name."""
    events: Annotated[tuple[Glob, ...], Field(min_length=1)] = ("axo.job.*",)
    """Event types (axo.job.*), or the word in them for a job or a worker: started, failed, lost …"""

    @field_validator("events")
    @classmethod
    def _are_events(cls, events: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in events:
            if not any(is_named(kind, pattern) for kind in EVENT_TYPES):
                words = sorted({kind.split(".")[2] for kind in EVENT_TYPES if not kind.startswith("axo.metrics.")})
                raise ValueError(f"{pattern!r} names no event; there are {', '.join(words)}, and axo.job.* and so on")
        return events

    def fits(self, *, owner: str | None, model: str | None, name: str | None) -> bool:
        """Return whether a job is one that the rule is about. What is not known fits only where it does not matter."""
        wanted = ((self.owner, owner), (self.model, model), (self.name, name))
        return all(glob is None or (text is not None and fnmatchcase(text, glob)) for glob, text in wanted)


class NotifySettings(Strict):
    """The whole file."""

    name: Annotated[str, Field(pattern=r"^[\w.-]{1,64}$")] = "default"
    """This notifier's, under which it keeps in Redis what it has told. Two beside each other need two names."""
    public_url: HttpUrl | None = None
    """Where people reach the service, for links in messages."""
    api: ApiSettings | None = None
    """Asked for the model of a job that does not train yet."""
    destinations: Annotated[dict[str, Destination], Field(default_factory=dict)]
    """Destinations by the names that rules call them by."""
    rules: tuple[Rule, ...] = ()
    bots: BotSettings | None = None
    """Slash commands in chats."""

    @model_validator(mode="after")
    def _has_something_to_do(self) -> Self:
        if self.bots is None or self.destinations or self.rules:
            for name, given in (("destinations", self.destinations), ("rules", self.rules)):
                if not given:
                    raise ValueError(f"{name}: give at least one; docs/notify.md has an example")
        return self

    @model_validator(mode="after")
    def _rules_lead_somewhere(self) -> Self:
        for number, rule in enumerate(self.rules):
            for name in rule.to:
                if name not in self.destinations:
                    known = ", ".join(self.destinations)
                    raise ValueError(f"rules.{number}.to: there is no destination {name!r}; there are {known}")
        return self
