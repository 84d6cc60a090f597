"""Of several processes that may run the control loop, one leads: whoever holds the lock beside the database."""

import asyncio
import fcntl
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

log = logging.getLogger(__name__)

ASK_SECONDS = 1.0
SETTLE_SECONDS = 2.0  # in which whoever led before has noticed that it does not any more
LOCK_NUMBER = 0x61786F  # any number, the same for every axo: this one is its name

Work = Callable[[], Awaitable[None]]


async def lead(database_url: str, work: Work) -> None:
    """Wait until this process leads, then do `work`; when leadership is lost, stop it and wait again."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        await _lead_by_file(Path(f"{url.database}.leader"), work)
    else:
        await _lead_by_session(database_url, work)


async def _lead_by_file(path: Path, work: Work) -> None:
    """A file's lock is held until the process ends, however it ends."""
    with path.open("w") as file:
        while not _lock_file(file.fileno()):  # noqa: ASYNC110 (another process cannot set an event)
            await asyncio.sleep(ASK_SECONDS)
        await work()


def _lock_file(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


async def _lead_by_session(database_url: str, work: Work) -> None:
    """An advisory lock lives as long as its session, which is watched."""
    engine = create_engine(database_url, pool_size=1, max_overflow=0, isolation_level="AUTOCOMMIT")
    has_waited = False
    while True:
        session = await asyncio.to_thread(_locked_session, engine)
        if session is not None:
            await asyncio.sleep(SETTLE_SECONDS if has_waited else 0)
            log.info("this process leads the control loop")
            await _work_while_locked(session, work)
            session.invalidate()
            session.close()
        has_waited = True
        await asyncio.sleep(ASK_SECONDS)


def _locked_session(engine: Engine) -> Connection | None:
    try:
        session = engine.connect()
        if session.execute(text("SELECT pg_try_advisory_lock(:number)"), {"number": LOCK_NUMBER}).scalar_one():
            return session
        session.close()
    except DBAPIError as error:
        log.warning("cannot ask to lead: %s", error)
    return None


async def _work_while_locked(session: Connection, work: Work) -> None:
    working = asyncio.ensure_future(work())
    try:
        while not working.done():
            await asyncio.wait([working], timeout=ASK_SECONDS)
            await asyncio.to_thread(session.execute, text("SELECT 1"))
    except DBAPIError as error:
        log.warning("this process no longer leads: %s", error)
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
