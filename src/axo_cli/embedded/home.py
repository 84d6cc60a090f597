"""The folder that holds all state of an embedded stack, and the settings that follow from it."""

import hashlib
import os
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from axo_cli.errors import CliError

WORKER_ID = "embedded"
LOOPBACK = '["127.0.0.0/8", "::1/128"]'  # where bots on this machine are told by webhooks
LONGEST_SOCKET_PATH = 100  # the kernel's limit is 107 bytes; valkey puts a suffix on while it binds


@dataclass(frozen=True, slots=True)
class Home:
    """Where everything of one embedded stack lies. `path` is absolute."""

    path: Path

    @property
    def logs(self) -> Path:
        """The folder of what the services print."""
        return self.path / "logs"

    @property
    def queue_data(self) -> Path:
        """The folder of the queue server's append-only file."""
        return self.path / "queue"

    @property
    def storage(self) -> Path:
        """The storage root: files, journals, results."""
        return self.path / "storage"

    @property
    def worker(self) -> Path:
        """The worker's own folder."""
        return self.path / "worker"

    @property
    def socket(self) -> Path:
        """The queue server's unix socket: in the home, or in a runtime folder when that path would be too long."""
        within = self.path / "run" / "queue.sock"
        if len(os.fsencode(within)) <= LONGEST_SOCKET_PATH:
            return within
        key = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:16]
        runtime = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
        return Path(runtime) / f"axo-{os.getuid()}-{key}" / "queue.sock"

    @property
    def redis_url(self) -> str:
        """Where the services find the queue server."""
        return f"unix://{self.socket}"

    def create(self) -> None:
        """Make the folders. A home that is made is for its owner only; one that is there stays as it is.

        Raises `CliError` when others could reach the queue server's socket.
        """
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (self.logs, self.queue_data, self.storage, self.worker):
            folder.mkdir(exist_ok=True)
        _make_private(self.socket.parent)

    def environment(self, *, port: int, trainer_python: Path, cpu_only: bool) -> dict[str, str]:
        """Return the environment of the services: this process's, with the settings that make them one stack."""
        settings = {
            "AXO_DATABASE_URL": f"sqlite:///{self.path / 'axo.db'}",
            "AXO_REDIS_URL": self.redis_url,
            "AXO_STORAGE_ROOT": str(self.storage),
            "AXO_SIGNING_KEY_FILE": str(self.path / "signing-key.pem"),
            "AXO_WORKER_HOME": str(self.worker),
            "AXO_WORKER_ID": WORKER_ID,
            "AXO_TRAINER_PYTHON": str(trainer_python),
            "AXO_HOST": "127.0.0.1",
            "AXO_PORT": str(port),
            "AXO_ALLOWED_ROOTS": '["/"]',
        }
        if cpu_only:
            settings["AXO_CPU_ONLY"] = "true"
        return {"AXO_WEBHOOKS__ALLOWED_NETWORKS": LOOPBACK, **os.environ, **settings}


def _make_private(folder: Path) -> None:
    """Make a folder for its owner only. What is there already may be somebody else's, where all may make folders."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700, parents=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise CliError(
            f"{folder} is not a folder that is yours and closed to others, so the queue's socket is not put there; "
            "remove it, or name another --home."
        )
