"""A Redis that tells, a chat that listens, and notifiers as processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from redis import Redis
from tests.loopback_server import running
from tests.notify.chat_server import ChatServer
from tests.notify.told import Teller
from tests.redis_server import RedisServer
from tests.waiting import wait_for


class NotifierProcess:
    """`axo notify` with a file of the test's own."""

    def __init__(self, folder: Path, redis_url: str, config: dict[str, Any]) -> None:
        file = folder / "notify.yml"
        file.write_text(yaml.safe_dump(config))
        self._output = folder / "notify.log"
        self._redis_url = redis_url
        with self._output.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "axo_cli", "notify", "--config", str(file), "--redis-url", redis_url],
                stdout=output,
                stderr=output,
                env={**os.environ, "CHAT_SECRET": "seekrit"},
            )

    def said(self) -> str:
        return self._output.read_text()

    def wait_until_it_listens(self) -> None:
        with Redis.from_url(self._redis_url) as redis:
            wait_for(lambda: redis.exists("axo:notify:default:place"), "the notifier to listen", 60)

    def stop(self) -> None:
        """Stop it as Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(30) == 0, self.said()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


StartNotifier = Callable[..., NotifierProcess]


@pytest.fixture
def chat() -> Iterator[ChatServer]:
    """A chat that takes messages."""
    with running(ChatServer()) as server:
        yield server


@pytest.fixture
def teller(redis_url: str) -> Iterator[Teller]:
    """Who tells of jobs."""
    teller = Teller(redis_url)
    yield teller
    teller.redis.close()


@pytest.fixture
def start_notifier(tmp_path: Path, redis_server: RedisServer) -> Iterator[StartNotifier]:
    """Start `axo notify` with destinations, which are told of all jobs if no rules are given."""
    started: list[NotifierProcess] = []

    def start(destinations: dict[str, Any], rules: list[dict[str, Any]] | None = None, **more: Any) -> NotifierProcess:
        config = {"destinations": destinations, "rules": rules or [{"to": list(destinations)}], **more}
        started.append(NotifierProcess(tmp_path, redis_server.url, config))
        started[-1].wait_until_it_listens()
        return started[-1]

    yield start
    for notifier in started:
        notifier.kill()
