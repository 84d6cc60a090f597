"""Healthy is a worker whose heartbeat is in Redis. Run by the worker's container, with the worker's settings."""

import sys

from redis import Redis

from axo_contracts.redis_names import worker
from axo_worker.settings import Settings

settings = Settings()
with Redis.from_url(settings.redis_url, socket_timeout=5) as redis:
    sys.exit(not redis.exists(worker(settings.worker_id)))
