"""OpenAI's command line and its Node package, each installed once a version into the cache of this machine."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

COMMAND_LINE_VERSION = "2.34.0"  # the last that has one
NODE_VERSION = "6.49.0"


def command_line() -> Path:
    """Return the program `openai`. Skips the test where the package registry cannot be reached."""
    return _installed(f"openai-command-line-{COMMAND_LINE_VERSION}", _install_command_line) / "bin" / "openai"


def node_modules() -> Path:
    """Return the folder that the Node package lies in. Skips the test without Node, or without its registry."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("there is no Node on this machine")
    return _installed(f"openai-node-{NODE_VERSION}", _install_node) / "node_modules"


def _installed(name: str, install: Callable[[Path], None]) -> Path:
    cache = Path(
        os.environ.get("AXO_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "axo"
    )
    folder, complete = cache / name, cache / name / ".complete"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not complete.exists():
            shutil.rmtree(folder, ignore_errors=True)
            try:
                install(folder)
            except subprocess.CalledProcessError as error:
                pytest.skip(f"{name} cannot be installed: {error.stderr.decode()[-300:]}")
            complete.touch()
    return folder


def _install_command_line(folder: Path) -> None:
    _run([sys.executable, "-m", "venv", str(folder)])
    _run([str(folder / "bin" / "pip"), "install", "-q", "--no-input", f"openai=={COMMAND_LINE_VERSION}"])


def _install_node(folder: Path) -> None:
    folder.mkdir()
    _run(["npm", "install", "--no-save", "--no-audit", "--no-fund", "--prefix", str(folder), f"openai@{NODE_VERSION}"])


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True)
