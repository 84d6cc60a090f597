"""The database, as the rest of the control plane sees it: short pieces of work, grouped into few commits."""

import asyncio
import queue
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import OperationalError

T = TypeVar("T")
A = TypeVar("A")

READERS = 4
ANSWER_SECONDS = 8.0
LARGEST_GROUP = 256


@dataclass(slots=True, eq=False)
class _Write:
    work: Callable[[Connection, Sequence[Any]], Sequence[Any]]
    item: Any
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None


class Database:
    """Runs work on the database without blocking the event loop.

    Writes go through one thread, which puts all that wait into one transaction: one fsync then serves many requests.
    A piece of work that raises is rolled back alone; the others are run again, so work must have no effect outside
    of its connection. `write` returns when the commit is on disk.
    """

    def __init__(self, url: str) -> None:
        self._writer_engine = _engine(url, for_writing=True)
        self._reader_engine = _engine(url, for_writing=False)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="database-reader")
        self._writes: queue.SimpleQueue[_Write | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write_groups, name="database-writer", daemon=True)
        self._writer.start()

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction and return its result once that is committed.

        Raises what `work` raises, or `sqlalchemy.exc.DBAPIError` when the database does not answer in time; then it
        may be done nevertheless, unless it still had to wait its turn.
        """
        return await self.write_together(_one_by_one, work)

    async def write_together(self, work: Callable[[Connection, Sequence[A]], Sequence[T]], item: A) -> T:
        """Run `work` on `item` and on all others that wait for the same work, and return the result of `item`.

        `work` returns one result an item, in their order, or raises; then it is run on each item alone.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._writes.put(_Write(work, item, loop, done))
        return await _answer(done)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on a snapshot of what is committed, and return its result. Raises what `write` raises."""
        return await _answer(asyncio.get_running_loop().run_in_executor(self._readers, partial(self._read, work)))

    def close(self) -> None:
        """Finish what is queued, then close every connection."""
        self._writes.put(None)
        self._writer.join()
        self._readers.shutdown()
        self._writer_engine.dispose()
        self._reader_engine.dispose()

    def _read(self, work: Callable[[Connection], T]) -> T:
        with self._reader_engine.begin() as connection:
            return work(connection)

    def _write_groups(self) -> None:
        while (first := self._writes.get()) is not None:
            group = [first]
            closing = False
            while len(group) < LARGEST_GROUP and not self._writes.empty():
                write = self._writes.get()
                if write is None:
                    closing = True
                    break
                group.append(write)
            self._commit(group)
            _resolve(group)
            if closing:
                return

    def _commit(self, group: Sequence[_Write]) -> None:
        group = [write for write in group if not write.done.cancelled()]
        if not group:
            return
        try:
            with self._writer_engine.begin() as connection:
                for work, writes in groupby(group, key=lambda write: write.work):
                    _run_together(connection, work, list(writes))
        except BaseException as error:
            if len(group) == 1:
                group[0].error = error
                return
            for write in group:
                self._commit([write])


async def _answer(asked: Awaitable[T]) -> T:
    """Return an answer of the database, unless it takes too long: a network that swallows it must not hang clients."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await asked
    except TimeoutError as error:
        raise OperationalError(f"an answer within {ANSWER_SECONDS:.0f} s", None, error) from error


def _run_together(connection: Connection, work: Any, writes: Sequence[_Write]) -> None:
    for write, result in zip(writes, work(connection, [write.item for write in writes]), strict=True):
        write.result = result


def _one_by_one(connection: Connection, works: Sequence[Callable[[Connection], T]]) -> Sequence[T]:
    return [work(connection) for work in works]


def _resolve(group: Sequence[_Write]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[_Write]] = {}
    for write in group:
        by_loop.setdefault(write.loop, []).append(write)
    for loop, writes in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_set_results, writes)


def _set_results(writes: Sequence[_Write]) -> None:
    for write in writes:
        if write.done.done():
            continue
        if write.error is not None:
            write.done.set_exception(write.error)
        else:
            write.done.set_result(write.result)


def _engine(url: str, *, for_writing: bool) -> Engine:
    settings: dict[str, Any] = {
        "json_serializer": lambda value: msgspec.json.encode(value).decode(),
        "json_deserializer": msgspec.json.decode,
        "pool_size": 1 if for_writing else READERS,
        "max_overflow": 0,
    }
    if make_url(url).get_backend_name() == "sqlite":
        engine = create_engine(url, **settings, connect_args={"check_same_thread": False, "isolation_level": None})
        event.listen(engine, "connect", _prepare_sqlite)
        begin = "BEGIN IMMEDIATE" if for_writing else "BEGIN"
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
        return engine
    return create_engine(url, **settings, pool_pre_ping=True, connect_args={"connect_timeout": 5})


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """WAL lets readers and the writer go side by side; FULL makes a commit survive a power cut."""
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
