"""The notifier's process: everything built, run until a signal, and closed."""

import asyncio
import logging
import signal

from axo_notify.bots.running import run_bots
from axo_notify.destinations import sender_for
from axo_notify.models import Models
from axo_notify.notifier import Notifier
from axo_notify.outbox import Outbox
from axo_notify.patience import connect
from axo_notify.settings import NotifySettings
from axo_notify.store import Store

# What these libraries say holds addresses that are secrets; what went wrong is said by us.
_TELLTALES = ("httpx", "httpcore", "slack_sdk", "apprise", "aiohttp", "matplotlib")


async def run(settings: NotifySettings, redis_url: str) -> None:
    """Tell of all jobs until SIGINT or SIGTERM. What is not told then is told after the next start."""
    for name in _TELLTALES:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    parts = asyncio.create_task(_run_parts(settings, redis_url))
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signal_number, parts.cancel)
    try:
        await parts
    except asyncio.CancelledError:
        if not parts.cancelled():
            raise


async def _run_parts(settings: NotifySettings, redis_url: str) -> None:
    async with connect(redis_url) as redis:
        store, models = Store(redis, settings.name), Models(settings.api)
        outboxes = {name: _outbox(settings, name, store) for name in settings.destinations}
        try:
            async with asyncio.TaskGroup() as group:
                for outbox in outboxes.values():
                    group.create_task(outbox.run())
                if outboxes:
                    group.create_task(Notifier(settings.rules, outboxes, store, models).listen(redis))
                if settings.bots is not None:
                    group.create_task(run_bots(settings.bots))
        finally:
            await models.close()


def _outbox(settings: NotifySettings, name: str, store: Store) -> Outbox:
    destination = settings.destinations[name]
    public_url = str(settings.public_url) if settings.public_url else None
    sender = sender_for(destination)
    return Outbox(name, sender, store, edit_seconds=destination.edit_seconds, public_url=public_url)
