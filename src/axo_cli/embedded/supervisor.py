"""`axo up`: start the services in order, keep them up, and stop them in the opposite order."""

import asyncio
import signal
import socket
from collections.abc import Callable
from pathlib import Path

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from axo_cli.embedded import home_lock
from axo_cli.embedded.home import Home
from axo_cli.embedded.keeper import Keeper
from axo_cli.embedded.log_files import bound
from axo_cli.embedded.services import Programs, services
from axo_cli.errors import CliError

LOG_CHECK_SECONDS = 5.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Supervisor:
    """One embedded stack. The first stop signal stops it in good order, the second at once."""

    def __init__(
        self,
        home: Home,
        *,
        port: int,
        trainer_python: Path,
        cpu_only: bool = False,
        programs: Programs | None = None,
        say: Callable[[str], None],
    ) -> None:
        self._home = home
        self._port = port
        self._environment = home.environment(port=port, trainer_python=trainer_python, cpu_only=cpu_only)
        self._programs = programs or Programs()
        self._say = say
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()

    async def run(self) -> None:
        """Bring the stack up and keep it up until a stop signal. Raises `CliError` when it cannot start."""
        self._home.create()
        loop = asyncio.get_running_loop()
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, self._on_stop_signal)
        with home_lock.locked(self._home.path) as lock:
            check_port(self._port)
            async with Redis.from_url(self._home.redis_url, retry=Retry(NoBackoff(), 0)) as redis:
                await self._run(redis, lock)

    async def _run(self, redis: Redis, lock: int) -> None:
        keepers = [
            Keeper(
                service,
                environment=self._environment,
                log=self._home.logs / f"{service.name}.log",
                inherited=lock,
                say=self._say,
            )
            for service in services(self._home, self._port, self._programs, redis)
        ]
        try:
            if await self._started(keepers):
                self._say_where()
                await self._wait_for_stop(keepers)
        finally:
            self._say("Stopping …")
            for keeper in reversed(keepers):
                await keeper.stop(self._hurry)
            self._say("Everything has stopped.")

    async def _started(self, keepers: list[Keeper]) -> bool:
        """Start the services one after the other. Return False when a stop signal came in between."""
        stopping = asyncio.create_task(self._stop.wait())
        for keeper in keepers:
            self._say(f"Starting the {keeper.service.title} …")
            starting = asyncio.create_task(keeper.start())
            await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not starting.done():
                starting.cancel()
                return False
            await starting
        stopping.cancel()
        return True

    async def _wait_for_stop(self, keepers: list[Keeper]) -> None:
        while not self._stop.is_set():
            for keeper in keepers:
                bound(keeper.log)
            try:
                await asyncio.wait_for(self._stop.wait(), LOG_CHECK_SECONDS)
            except TimeoutError:
                continue

    def _say_where(self) -> None:
        url = f"http://127.0.0.1:{self._port}"
        self._say(f"axo is up:  {url}   (its pages: {url}/docs)")
        self._say(f"  state     {self._home.path}")
        self._say(f"  logs      {self._home.logs}")
        self._say("  stop      Ctrl-C; a job that runs writes a checkpoint and goes on at the next start")

    def _on_stop_signal(self) -> None:
        if self._stop.is_set():
            self._hurry.set()
        self._stop.set()


def check_port(port: int) -> None:
    """Raise `CliError` when another program listens on `port`."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CliError(f"Port {port} cannot be used ({error.strerror}); name another one with --port.") from error
