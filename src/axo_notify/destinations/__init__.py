"""The places that messages go to: a kind of place is one file here, a field of `settings.Destination`, a case below."""

from axo_notify.destinations.apprise_url import AppriseUrl
from axo_notify.destinations.discord import DiscordMessages
from axo_notify.destinations.sender import Sender
from axo_notify.destinations.slack_bot import SlackBotMessages
from axo_notify.destinations.slack_webhook import SlackWebhook
from axo_notify.settings import Destination


def sender_for(destination: Destination) -> Sender:
    """Return what posts to a destination. Raises `ValueError` for an Apprise URL that is none."""
    match destination:
        case Destination(discord_webhook=url) if url:
            return DiscordMessages.of_webhook(url.get_secret_value())
        case Destination(discord_bot=bot) if bot:
            return DiscordMessages.of_bot(bot.api_base, bot.channel, bot.token.get_secret_value())
        case Destination(slack_webhook=url) if url:
            return SlackWebhook(url.get_secret_value())
        case Destination(slack_bot=bot) if bot:
            return SlackBotMessages(bot.api_base, bot.channel, bot.token.get_secret_value())
        case Destination(apprise=url) if url:
            return AppriseUrl(url.get_secret_value())
    raise AssertionError("the settings let through a destination of no kind")
