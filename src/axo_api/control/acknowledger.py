"""Tells workers which of their frames are in the journal and on disk, so that they may forget them."""

import asyncio
import logging

from redis.asyncio import Redis
from redis.exceptions import RedisError

from axo_api.control.records import Record
from axo_contracts import redis_names

log = logging.getLogger(__name__)

EVERY_SECONDS = 0.1


class Acknowledger:
    """Syncs the journals that have gained, several appends at a time, then acknowledges."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._gained: dict[str, Record] = {}
        self._refused: dict[tuple[str, int], int] = {}
        self._something = asyncio.Event()

    def note(self, record: Record) -> None:
        """Remember that a record has gained frames, or must be acknowledged again."""
        self._gained[record.job_id] = record
        self._something.set()

    def refuse(self, job_id: str, attempt: int, seq: int) -> None:
        """Remember to acknowledge frames that are not taken, so that their sender stops sending them."""
        self._refused[job_id, attempt] = seq
        self._something.set()

    async def run(self) -> None:
        """Acknowledge for ever."""
        while True:
            await self._something.wait()
            self._something.clear()
            try:
                await self._acknowledge()
            except (RedisError, OSError) as error:
                log.warning("acknowledging waits: %s", error)
                self._something.set()
            await asyncio.sleep(EVERY_SECONDS)

    async def _acknowledge(self) -> None:
        due = dict(self._refused)
        records = list(self._gained.values())
        for record in records:
            due[record.job_id, record.attempt] = record.newest_seq
            if not record.is_closed:
                await asyncio.to_thread(record.sync)
        async with self._redis.pipeline(transaction=False) as pipeline:
            for (job_id, attempt), seq in due.items():
                pipeline.set(redis_names.acknowledged(job_id, attempt), seq, ex=redis_names.ACK_SECONDS)
            await pipeline.execute()
        for record in records:
            if due[record.job_id, record.attempt] == record.newest_seq:
                self._gained.pop(record.job_id, None)
        for key, seq in due.items():
            if self._refused.get(key) == seq:
                del self._refused[key]
