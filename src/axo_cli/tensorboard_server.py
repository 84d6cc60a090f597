"""The TensorBoard that is installed on this machine, as a child process on loopback."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from axo_cli.embedded.trainer import find_trainer
from axo_cli.errors import CliError, UsageError

LOOK_SECONDS = 2.0  # between two looks at what running jobs have added
GRACE_SECONDS = 5.0


def program() -> list[str]:
    """Return the command that starts TensorBoard: this environment's, the one on the PATH, or the trainer's.

    Raises `CliError` where there is none.
    """
    if found := shutil.which("tensorboard") or _of_the_trainer():
        return [found]
    raise CliError("No TensorBoard is installed here; `pip install tensorboard` brings it, and `make trainer` does.")


def _of_the_trainer() -> str | None:
    named = os.environ.get("AXO_TRAINER_PYTHON")
    try:
        python = find_trainer(Path(named) if named else None)
    except UsageError:
        return None
    return shutil.which("tensorboard", path=python.parent)


@contextmanager
def begin(command: list[str], folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Serve the runs in `folder` on loopback; it ends with the block."""
    look = ["--reload_interval", str(int(LOOK_SECONDS)), "--reload_multifile", "true"]
    listen = ["--host", "127.0.0.1", "--port", str(port)]
    server = subprocess.Popen([*command, "--logdir", str(folder), *listen, *look], stdin=subprocess.DEVNULL)
    try:
        yield server
    finally:
        server.terminate()
        try:
            server.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
