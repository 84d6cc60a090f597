"""The control loop: its parts side by side, in the one process that leads."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from axo_api import connections
from axo_api.control.acknowledger import Acknowledger
from axo_api.control.dispatcher import run_dispatcher
from axo_api.control.fleet_watch import FleetWatch
from axo_api.control.leadership import lead
from axo_api.control.outbox import run_outbox
from axo_api.control.reconciler import Reconciler
from axo_api.control.recorder import Recorder
from axo_api.control.records import Records
from axo_api.control.result_files import run_result_files
from axo_api.control.retention import Retention
from axo_api.dependencies import Parts
from axo_api.housekeeping.sweep import keep_house
from axo_api.webhooks.deliverer import Deliverer

log = logging.getLogger(__name__)

RESTART_SECONDS = 1.0
CANCEL_AGAIN_SECONDS = 0.5


async def run_control_loop(parts: Parts) -> None:
    """Run the control loop whenever this process leads, until cancelled."""
    await lead(parts.settings.database_url, lambda: _run_parts(parts))


async def _run_parts(parts: Parts) -> None:
    records = Records(parts.database, parts.settings.storage_root, parts.settings.progress_event_seconds)
    reading = connections.for_blocking_reads(parts.settings.redis_url)
    rq = connections.for_rq(parts.settings.redis_url)
    acknowledger = Acknowledger(parts.redis)
    tasks = [
        asyncio.create_task(_keep_running(name, run), name=name)
        for name, run in (
            ("recorder", Recorder(parts, reading, records, acknowledger).run),
            ("acknowledger", acknowledger.run),
            ("outbox", lambda: run_outbox(parts, records)),
            ("fleet watch", FleetWatch(parts).run),
            ("result files", lambda: run_result_files(parts)),
            ("retention", Retention(parts).run),
            ("dispatcher", lambda: run_dispatcher(parts, rq)),
            ("deliverer", Deliverer(parts).run),
            ("housekeeping", lambda: keep_house(parts)),
            ("reconciler", Reconciler(parts, rq, records).run),
        )
    ]
    parts.instruments.leading(True)
    try:
        await asyncio.gather(*tasks)
    finally:
        parts.instruments.leading(False)
        await _end(tasks)
        await records.close_all()
        await reading.aclose()
        rq.close()


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel tasks until they have ended: `asyncio.wait_for`, which redis-py uses, may swallow a cancel."""
    while going := [task for task in tasks if not task.done()]:
        for task in going:
            task.cancel()
        await asyncio.wait(going, timeout=CANCEL_AGAIN_SECONDS)


async def _keep_running(name: str, run: Callable[[], Awaitable[None]]) -> None:
    """Run one part for ever: a bug in it is logged, and must not stop the others or itself for good."""
    while True:
        try:
            await run()
        except Exception:
            log.exception("the %s failed and starts again", name)
        await asyncio.sleep(RESTART_SECONDS)
