"""OpenAI's command line and its Node package, each installed once a version into the cache of this machine."""

import shutil
import sys
from pathlib import Path

import pytest
from tests.installed_once import installed, run

COMMAND_LINE_VERSION = "2.34.0"  # the last that has one
NODE_VERSION = "6.49.0"


def command_line() -> Path:
    """Return the program `openai`. Skips the test where the package registry cannot be reached."""
    return installed(f"openai-command-line-{COMMAND_LINE_VERSION}", _install_command_line) / "bin" / "openai"


def node_modules() -> Path:
    """Return the folder that the Node package lies in. Skips the test without Node, or without its registry."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("there is no Node on this machine")
    return installed(f"openai-node-{NODE_VERSION}", _install_node) / "node_modules"


def _install_command_line(folder: Path) -> None:
    run([sys.executable, "-m", "venv", str(folder)])
    run([str(folder / "bin" / "pip"), "install", "-q", "--no-input", f"openai=={COMMAND_LINE_VERSION}"])


def _install_node(folder: Path) -> None:
    folder.mkdir()
    run(["npm", "install", "--no-save", "--no-audit", "--no-fund", "--prefix", str(folder), f"openai@{NODE_VERSION}"])
