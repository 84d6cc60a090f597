"""Delivers webhooks: endpoints side by side, so that a slow one holds up nobody, and each job's events in order."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from sqlalchemy import RowMapping
from sqlalchemy.exc import DBAPIError

from axo_api.clock import now
from axo_api.dependencies import Parts
from axo_api.webhooks import deliveries
from axo_api.webhooks.service import secrets_of
from axo_api.webhooks.signing import signed_headers

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
REST_SECONDS = 0.02
ENDPOINTS_AT_ONCE = 64
AT_ONCE_TO_ONE = 4
ROUNDS_A_TURN = 50  # after which an endpoint that always has more due makes room for another
PURGE_SECONDS = 600.0
PURGED_AT_ONCE = 1000


class Deliverer:
    """The one that delivers. What it was doing when it died is done again: a receiver tells repeats by `webhook-id`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._settings = parts.settings.webhooks
        self._busy: set[str] = set()

    async def run(self) -> None:
        """Deliver for ever, woken when a job has moved, and by a clock."""
        woken = self._parts.job_moved.listen()
        self._busy.clear()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_purged())
            while True:
                try:
                    await self._begin_due(group)
                except DBAPIError as error:
                    log.warning("webhooks wait: %s", error)
                await asyncio.sleep(REST_SECONDS)
                await woken.wait(LOOK_SECONDS)

    async def _begin_due(self, group: asyncio.TaskGroup) -> None:
        room = ENDPOINTS_AT_ONCE - len(self._busy)
        look = partial(deliveries.endpoints_with_due, at=now(), busy=frozenset(self._busy), limit=room)
        for endpoint_id in await self._parts.database.read(look) if room else ():
            self._busy.add(endpoint_id)
            group.create_task(self._serve(endpoint_id))

    async def _serve(self, endpoint_id: str) -> None:
        """Deliver what is due for one endpoint."""
        try:
            for _ in range(ROUNDS_A_TURN):
                look = partial(deliveries.due_for, endpoint_id=endpoint_id, at=now(), limit=AT_ONCE_TO_ONE)
                due: Sequence[RowMapping] = await self._parts.database.read(look)
                if not due:
                    return
                for failure in await asyncio.gather(*map(self._deliver, due), return_exceptions=True):
                    if failure is not None:
                        raise failure
        except DBAPIError as error:
            log.warning("webhooks to %s wait: %s", endpoint_id, error)
        except Exception:
            log.exception("webhooks to %s failed and are tried again", endpoint_id)
        finally:
            self._busy.discard(endpoint_id)

    async def _deliver(self, delivery: RowMapping) -> None:
        body, at = delivery["payload"], now()
        headers = signed_headers(delivery["id"], body, at, secrets_of(delivery, at))
        answer = await self._parts.webhooks.send(delivery["url"], body, headers)
        at = now()
        next_at = deliveries.next_attempt(self._settings, delivery, answer, at)
        attempt = deliveries.Attempt(delivery, answer, at, next_at)
        await self._parts.database.write(partial(deliveries.record, attempt=attempt))

    async def _keep_purged(self) -> None:
        """Forget now and then what ended long ago."""
        while True:
            purge = partial(
                deliveries.purge, before=now() - timedelta(days=self._settings.keep_days), limit=PURGED_AT_ONCE
            )
            try:
                purged = await self._parts.database.write(purge)
            except DBAPIError as error:
                log.warning("old webhook deliveries stay for now: %s", error)
                purged = 0
            await asyncio.sleep(0 if purged == PURGED_AT_ONCE else PURGE_SECONDS)
