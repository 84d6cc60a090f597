"""What a file says, in words for who wrote it: what goes where, and what a person may not have thought of."""

from collections.abc import Iterator

from axo_notify.settings import NotifySettings, Rule

_KINDS = {
    "discord_webhook": "a Discord webhook; a message a job, edited as it goes on",
    "discord_bot": "a Discord bot; a message a job, edited as it goes on",
    "slack_webhook": "a Slack webhook; it cannot edit: a message when a job starts, and one when it ends",
    "slack_bot": "a Slack bot; a message a job, edited as it goes on",
    "apprise": "an Apprise URL; it cannot edit: a message when a job starts, and one when it ends",
}


def summary(settings: NotifySettings) -> Iterator[str]:
    """Yield a line a destination and a rule. None holds a secret."""
    for name, destination in settings.destinations.items():
        yield f"{name}: {_KINDS[destination.kind]}"
    for number, rule in enumerate(settings.rules, start=1):
        yield f"rule {number}: {', '.join(rule.events)} of {_jobs(rule)} → {', '.join(rule.to)}"
    for name in settings.destinations.keys() - {name for rule in settings.rules for name in rule.to}:
        yield f"note: no rule names the destination {name}"
    if settings.bots is not None:
        chats = {"Discord": settings.bots.discord, "Slack": settings.bots.slack}
        yield f"bots: /jobs, /job and /cancel in {' and '.join(name for name, chat in chats.items() if chat)}"
    if settings.api is None and any(rule.model for rule in settings.rules):
        yield "note: without `api`, rules with `model` tell of a job from where its training begins"


def _jobs(rule: Rule) -> str:
    wanted = {"owner": rule.owner, "model": rule.model, "name": rule.name}
    return ", ".join(f"{field} {glob}" for field, glob in wanted.items() if glob) or "all jobs"
