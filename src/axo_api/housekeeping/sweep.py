"""A sweep: what is to go by the operator's rules, told or made so."""

import asyncio
import logging
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from axo_api.clock import now
from axo_api.dependencies import Parts
from axo_api.housekeeping.choosing import Doomed, doomed, ruled
from axo_api.housekeeping.items import Item, is_needed, items, known
from axo_api.housekeeping.removing import remove
from axo_api.settings import SweepSettings

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Swept:
    """What came of a sweep: what went, and what could not go, by its id with the reason."""

    gone: list[Doomed] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


async def what_would_go(axo: Parts) -> list[Doomed]:
    """Return what a sweep would remove now, and why."""
    if not (kinds := ruled(axo.settings.sweep)):
        return []
    found = await axo.database.read(partial(known, at=now()))
    there = await asyncio.to_thread(lambda: [*items(found, axo.settings.storage_root, kinds)])
    return await axo.database.read(partial(_chosen, there=there, rules=axo.settings.sweep))


async def sweep(axo: Parts) -> Swept:
    """Remove what is to go, each thing for itself."""
    swept = Swept()
    for one in await what_would_go(axo):
        if (failure := await remove(axo, one.item)) is None:
            swept.gone.append(one)
            log.info("swept away %s %s of %s: %s", one.item.kind, one.item.id, one.item.owner, one.why)
        else:
            swept.failed[one.item.id] = failure
            log.warning("%s %s could not be swept away: %s", one.item.kind, one.item.id, failure)
    return swept


async def keep_house(axo: Parts) -> None:
    """Sweep now and then for ever, where there are rules."""
    while True:
        try:
            await sweep(axo)
        except (DBAPIError, OSError) as error:
            log.warning("the next sweep waits: %s", error)
        await asyncio.sleep(axo.settings.sweep.every_hours * 3600)


def _chosen(connection: Connection, there: list[Item], rules: SweepSettings) -> list[Doomed]:
    return [*doomed(there, rules, now(), partial(is_needed, connection))]
