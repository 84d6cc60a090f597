"""A real Valkey with an append-only file that a test may shorten, or put back to how it was before."""

import shutil
from pathlib import Path

from redis import Redis, RedisError
from tests.faults.part import Part
from tests.redis_server import BINARY
from tests.stack.client import wait_for

APPEND_ONLY = "appendonlydir"


class DurableRedis(Part):
    """Everything of it lies in `folder`."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.socket = folder / "redis.sock"
        self.url = f"unix://{self.socket}"
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "dir": str(folder),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
            "save": "",
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        super().__init__([str(BINARY), *words], environment, folder / "redis.log")

    def start(self) -> None:
        super().start()
        with self.client() as redis:
            wait_for(lambda: _answers(redis), lambda: f"Redis to start: {self.said()[-2000:]}", 20)

    def client(self) -> Redis:
        return Redis.from_url(self.url, socket_timeout=20)

    def keep_copy(self) -> Path:
        """Copy what it holds by now, and return where to."""
        with self.client() as redis:
            redis.incr("copies")
            redis.waitaof(1, 0, 5000)
        copy = self.folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.folder / APPEND_ONLY, copy)
        return copy

    def restore(self, copy: Path) -> None:
        """Put a copy in the place of what it has. It must not run."""
        shutil.rmtree(self.folder / APPEND_ONLY)
        shutil.copytree(copy, self.folder / APPEND_ONLY)

    def lose_tail(self, share: float) -> None:
        """Cut off a share of the append-only file, wherever that falls. It must not run."""
        for file in (self.folder / APPEND_ONLY).glob("*.incr.aof"):
            size = file.stat().st_size
            with file.open("r+b") as appended:
                appended.truncate(int(size * (1 - share)))


def _answers(redis: Redis) -> bool:
    try:
        return bool(redis.ping())
    except RedisError:
        return False
