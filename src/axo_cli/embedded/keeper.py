"""Keeps one service running: starts it, starts it again when it dies, and stops it when asked."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from axo_cli.embedded.log_files import last_lines
from axo_cli.embedded.parent_death import die_with_parent
from axo_cli.embedded.services import Service
from axo_cli.errors import CliError

READY_SECONDS = 60.0
DEATHS_BEFORE_READY = 3  # after so many the stack gives up instead of starting a service that cannot run
FIRST_WAIT_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 5.0
STEADY_SECONDS = 10.0  # a service that lived so long starts again at once


class Keeper:
    """One service and its process. `inherited` is a descriptor that the process holds as long as it lives."""

    def __init__(
        self, service: Service, *, environment: dict[str, str], log: Path, inherited: int, say: Callable[[str], None]
    ) -> None:
        self.service = service
        self.log = log
        self._environment = environment
        self._inherited = inherited
        self._say = say
        self._process: asyncio.subprocess.Process | None = None
        self._deaths = 0
        self._is_ready = False
        self._stopping = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the service and wait until it is ready. Raises `CliError` when it does not get there."""
        await self.service.is_ready()  # so that a sign of life that an earlier run left is known as such
        self._keeping = asyncio.create_task(self._keep(), name=self.service.name)
        deadline = time.monotonic() + READY_SECONDS
        while not await self.service.is_ready():
            if self._keeping.done():
                await self._keeping
            if self._deaths >= DEATHS_BEFORE_READY or time.monotonic() > deadline:
                raise CliError(f"The {self.service.title} does not start; {self.log} ends:\n{last_lines(self.log)}")
            await asyncio.sleep(0.05)
        self._is_ready = True

    async def stop(self, hurry: asyncio.Event) -> None:
        """Ask the service to end, and kill it when its time is over or `hurry` is set."""
        self._stopping.set()
        if self._keeping is None:
            return
        if process := self._process:
            with suppress(ProcessLookupError):
                process.send_signal(self.service.stop_signal)
            if not await _ends(process, self.service.stop_seconds, hurry):
                self._say(f"The {self.service.title} is killed.")
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
        await self._keeping

    async def _keep(self) -> None:
        while not self._stopping.is_set():
            started = time.monotonic()
            self._process = await self._spawn()
            code = await self._process.wait()
            self._process = None
            if not self._stopping.is_set():
                await self._died(code, time.monotonic() - started)

    async def _spawn(self) -> asyncio.subprocess.Process:
        with self.log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *self.service.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
                process_group=0,  # a Ctrl-C on the terminal is for the supervisor alone
                pass_fds=(self._inherited,),
                preexec_fn=die_with_parent(self.service.death_signal),
            )

    async def _died(self, code: int, lived_seconds: float) -> None:
        self._deaths = 1 if lived_seconds > STEADY_SECONDS else self._deaths + 1
        wait = min(FIRST_WAIT_SECONDS * 2 ** (self._deaths - 1), LONGEST_WAIT_SECONDS)
        if self._is_ready:
            self._say(f"The {self.service.title} {_ending(code)}; it is started again. Its log: {self.log}")
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), wait)


async def _ends(process: asyncio.subprocess.Process, seconds: float, hurry: asyncio.Event) -> bool:
    waiting = {asyncio.create_task(process.wait()), asyncio.create_task(hurry.wait())}
    _, pending = await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    return process.returncode is not None


def _ending(code: int) -> str:
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
