"""Stands in for the worker: gives heartbeats, and on SIGINT leaves a file that says that it stopped in good order."""

import os
import signal
import sys
import time
import uuid
from pathlib import Path

import msgspec
from redis import Redis

from axo_contracts.redis_names import worker
from axo_contracts.resources import Capabilities, WorkerState

STATE = WorkerState(
    id=os.environ["AXO_WORKER_ID"],
    boot_id=uuid.uuid4().hex,
    host="here",
    state="online",
    capabilities=Capabilities(),
    version="0",
    started_at=time.time(),
)


def checkpoint_and_leave(*_: object) -> None:
    Path(os.environ["AXO_WORKER_HOME"], "stopped-in-good-order").touch()
    sys.exit(0)


signal.signal(signal.SIGINT, checkpoint_and_leave)
while True:
    with Redis.from_url(os.environ["AXO_REDIS_URL"]) as redis:
        redis.set(worker(STATE.id), msgspec.json.encode(STATE), px=15_000)
    time.sleep(0.1)
