"""Where this machine's trainer is. The rule for its folder is `trainer/install.py`'s; here it is only asked."""

import os
import subprocess
import sys
from pathlib import Path

from axo_cli.errors import UsageError

CHECKOUT = Path(__file__).parents[3]


def find_trainer(named: Path | None) -> Path:
    """Return the Python of the trainer's environment: the one that was named, else the one in the cache.

    Raises `UsageError` when there is none, with the command that installs it.
    """
    if named is not None:
        if not os.access(named, os.X_OK):
            raise UsageError(f"{named} cannot be run; name the trainer's Python with --trainer-python.")
        return named.absolute()
    installer = _installer()
    asked = subprocess.run([sys.executable, installer, "--where"], check=True, capture_output=True, text=True)
    python = Path(asked.stdout.strip())
    if not (python.parents[1] / ".complete").exists():
        command = "make trainer" if installer.is_relative_to(CHECKOUT / "trainer") else f"{sys.executable} {installer}"
        raise UsageError(f"The trainer is not installed here; run `{command}`, or name one with --trainer-python.")
    return python


def _installer() -> Path:
    """Return the installer: a checkout's, or the one that the wheel brings."""
    in_checkout = CHECKOUT / "trainer" / "install.py"
    in_wheel = Path(__file__).parents[2] / "axo_worker" / "_trainer" / "install.py"
    return in_checkout if in_checkout.exists() else in_wheel
