"""A card as Slack's own markup."""

from axo_notify.card import Card


def slack_text(card: Card) -> str:
    """Return a card in Slack's mrkdwn: what people wrote mentions nobody and links nowhere."""
    title = escaped(card.title)
    head = f"*<{card.link}|{title.replace('|', '/')}>*" if card.link else f"*{title}*"
    return "\n".join((head, *map(escaped, card.lines), f"_{escaped(card.footer)}_"))


def escaped(text: str) -> str:
    """Return text in which nothing is a mention or a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
