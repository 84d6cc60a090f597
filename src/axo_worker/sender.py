"""Sends a spool's frames to Redis, and sees to it that each one is acknowledged: what got lost there is sent again."""

import threading
import time
from collections import deque
from dataclasses import dataclass

import structlog
from redis import Redis, RedisError

from axo_contracts import redis_names
from axo_worker.spool import Spool

ENTRY_BYTES = 64 * 1024
PACK_SECONDS = 0.02  # while busy, frames are gathered for so long or until an entry is full
WINDOW_BYTES = 8 * 1024 * 1024  # in Redis and not yet acknowledged
ACK_SECONDS = 1.0  # between looks at the acknowledgement; shorter when something waits for it:
IMPATIENT_ACK_SECONDS = 0.05
STALLED_SECONDS = 5.0  # without progress, after which it is looked whether Redis has lost what was sent
_RECONNECT_SECONDS = 0.5
_IDLE_SECONDS = 3600.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Entry:
    """What was sent in one go: frames `first` to `last`, which begin at `offset` of the spool."""

    id: bytes | str
    first: int
    last: int
    offset: int
    end: int


class Sender:
    """One attempt's frames on their way. Runs in its own thread between `start` and `close`."""

    def __init__(self, redis: Redis, spool: Spool, *, job_id: str, attempt: int) -> None:
        self._redis = redis
        self._spool = spool
        self._job_id = job_id
        self._attempt = attempt
        self._unacknowledged: deque[_Entry] = deque()
        self._next_seq = 1
        self._sent_at = self._asked_at = self._progress_at = 0.0
        self._closed = threading.Event()
        self._is_waited_for = False
        self._progress = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="sender", daemon=True)
        self.offset = 0
        self.acknowledged = 0

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def close(self) -> None:
        """Stop sending, whatever is left."""
        self._closed.set()
        self._spool.wake()
        self._thread.join(timeout=5)

    def wait_acknowledged(self, seq: int, seconds: float) -> bool:
        """Wait up to `seconds` until all frames up to `seq` are acknowledged, and return whether they are."""
        self._is_waited_for = True
        self._spool.wake()
        with self._progress:
            return self._progress.wait_for(lambda: self.acknowledged >= seq, timeout=seconds)

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                self._take_turn()
            except RedisError as error:
                log.warning("frames wait for Redis", job_id=self._job_id, error=str(error))
                self._closed.wait(_RECONNECT_SECONDS)

    def _take_turn(self) -> None:
        now = time.monotonic()
        if (self._unacknowledged or not self._asked_at) and now >= self._asked_at + self._ack_seconds():
            self._look_for_acknowledgement()
        pause = self._pause(time.monotonic())
        if pause == 0:
            self._send_entry()
        elif self._has_more():
            self._closed.wait(pause)
        else:
            self._spool.wait_beyond(self.offset, pause)

    def _pause(self, now: float) -> float:
        """Return for how long there is nothing to do."""
        next_look = max(0.001, self._asked_at + self._ack_seconds() - now) if self._unacknowledged else _IDLE_SECONDS
        if not self._has_more():
            return next_look
        if self.offset - self._window_start() >= WINDOW_BYTES:
            return next_look
        is_full = self._spool.bytes_written - self.offset >= ENTRY_BYTES
        return 0 if is_full else max(0.0, self._sent_at + PACK_SECONDS - now)

    def _has_more(self) -> bool:
        return self._spool.bytes_written > self.offset

    def _window_start(self) -> int:
        return self._unacknowledged[0].offset if self._unacknowledged else self.offset

    def _ack_seconds(self) -> float:
        is_full = self.offset - self._window_start() >= WINDOW_BYTES
        return IMPATIENT_ACK_SECONDS if is_full or self._is_waited_for else ACK_SECONDS

    def _send_entry(self) -> None:
        frames = self._spool.read(self.offset, ENTRY_BYTES)
        if not frames:
            self._closed.wait(PACK_SECONDS)  # the spool ends within a frame: its disk is full
            return
        first, last = self._next_seq, self._next_seq + frames.count(b"\n")
        values = (self._job_id, self._attempt, first, frames)
        entry_id = self._redis.xadd(redis_names.FRAMES, dict(zip(redis_names.FRAME_FIELDS, values, strict=True)))
        end = self.offset + len(frames) + 1
        if not self._unacknowledged:
            self._progress_at = self._asked_at = time.monotonic()
        self._unacknowledged.append(_Entry(entry_id, first, last, self.offset, end))
        self.offset, self._next_seq, self._sent_at = end, last + 1, time.monotonic()

    def _look_for_acknowledgement(self) -> None:
        answer = self._redis.get(redis_names.acknowledged(self._job_id, self._attempt))
        self._asked_at = time.monotonic()
        acknowledged = int(answer) if answer else 0
        if acknowledged > self.acknowledged:
            self._progress_at = self._asked_at
            with self._progress:
                self.acknowledged = acknowledged
                self._progress.notify_all()
            while self._unacknowledged and self._unacknowledged[0].last <= acknowledged:
                self._unacknowledged.popleft()
            self._skip_acknowledged()
        elif self._unacknowledged and self._asked_at - self._progress_at >= STALLED_SECONDS:
            self._progress_at = self._asked_at
            self._send_again_what_redis_lost()

    def _skip_acknowledged(self) -> None:
        """Go on behind what the control plane has, when that is more than this sender sent."""
        if self.acknowledged >= self._next_seq:
            self.offset = self._spool.offset_behind(self.acknowledged)
            self._next_seq = self.acknowledged + 1

    def _send_again_what_redis_lost(self) -> None:
        """Go back to the oldest entry that nobody acknowledged, unless it is still there and only waits to be read."""
        oldest = self._unacknowledged[0]
        if self._redis.xrange(redis_names.FRAMES, oldest.id, oldest.id):
            return
        log.warning("sending frames again", job_id=self._job_id, attempt=self._attempt, seq=oldest.first)
        self.offset, self._next_seq = oldest.offset, oldest.first
        self._unacknowledged.clear()
