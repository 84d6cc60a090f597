"""Install the trainer: real Axolotl in a virtual environment of its own, apart from the service's.

    python install.py [--python PYTHON] [--into FOLDER] [--requirements FILE] [--where]

Without --into it goes to $AXO_CACHE/trainer-<key> (AXO_CACHE defaults to ~/.cache/axo), where the key is the lock
file's hash, so that a new lock makes a new folder and the same lock is installed once a machine. The last line on
stdout is the path of the trainer's Python. Standard library only: `make trainer`, the worker's image and `axo up` all
use this file.

    AXO_TORCH_INDEX    the package index to take torch from, such as https://download.pytorch.org/whl/cpu
    AXO_TORCH_VERSION  another version of torch than the lock's
"""

import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK = Path(__file__).with_name("requirements.lock")
COMPLETE = ".complete"


def main() -> None:
    """Install what is not installed yet, and print the path of the trainer's Python."""
    options = _options()
    target = options.into or cache_folder(options.requirements)
    if not options.where:
        install(Path(options.python), target, options.requirements)
    print(target / "bin" / "python")


def cache_folder(requirements: Path = LOCK) -> Path:
    """Return where the environment for `requirements` and the torch settings lies on this machine."""
    cache = os.environ.get("AXO_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "axo"
    chosen = "".join(f"{name}={value}\n" for name, value in sorted(_torch_settings().items()))
    key = hashlib.sha256(requirements.read_bytes() + chosen.encode()).hexdigest()[:16]
    return Path(cache).expanduser().absolute() / f"trainer-{key}"


def install(python: Path, target: Path, requirements: Path) -> None:
    """Make the environment in `target`. A whole one is kept; half of one, left by a crash, is removed first."""
    complete = target / COMPLETE
    if complete.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with _only_one_at_a_time(target):
        if complete.exists():
            return
        if target.exists():
            say(f"Removing an unfinished installation in {target}")
            shutil.rmtree(target)
        started = time.monotonic()
        say(f"Installing the trainer (Axolotl) into {target}; about 2 GB, a minute or more.")
        _fill(python, target, requirements)
        complete.touch()
        say(f"The trainer is installed ({time.monotonic() - started:.0f} s).")


def _fill(python: Path, target: Path, requirements: Path) -> None:
    torch, axolotl, others = _read(requirements)
    subprocess.run([python, "-m", "venv", target], check=True)
    index = os.environ.get("AXO_TORCH_INDEX")
    say(f"  1/3 {torch}" + (f" from {index}" if index else ""))
    _pip(target, *(["--index-url", index] if index else []), torch)
    say(f"  2/3 {len(others)} packages that Axolotl builds on")
    _pip(target, torch, *others)
    say(f"  3/3 {axolotl}")
    _pip(target, "--no-deps", "--ignore-requires-python", axolotl)


def _read(requirements: Path) -> tuple[str, str, list[str]]:
    """Return torch's line, Axolotl's, and the others."""
    lines = [line for line in requirements.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    named = {line.split("==")[0]: line for line in lines}
    torch, axolotl = named.pop("torch"), named.pop("axolotl")
    version = os.environ.get("AXO_TORCH_VERSION")
    return (f"torch=={version}" if version else torch), axolotl, list(named.values())


def _pip(target: Path, *arguments: str) -> None:
    # -qq: errors are shown, warnings about this machine's package sources are not
    pip = [str(target / "bin" / "python"), "-m", "pip", "install", "-qq", "--no-input", "--disable-pip-version-check"]
    subprocess.run([*pip, *arguments], check=True)


def _torch_settings() -> dict[str, str]:
    names = ("AXO_TORCH_INDEX", "AXO_TORCH_VERSION")
    return {name: os.environ[name] for name in names if os.environ.get(name)}


@contextmanager
def _only_one_at_a_time(target: Path) -> Iterator[None]:
    with target.with_name(f"{target.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another process is installing the trainer; waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Install the trainer (Axolotl) in a virtual environment of its own.")
    parser.add_argument("--python", default=sys.executable, help="the Python to make it with (default: this one)")
    parser.add_argument("--into", type=Path, help="the folder to make (default: in the cache, keyed by the lock)")
    parser.add_argument("--requirements", type=Path, default=LOCK, help="what to install (default: the lock file)")
    parser.add_argument("--where", action="store_true", help="only print the path, install nothing")
    options = parser.parse_args()
    options.into = options.into.absolute() if options.into else None
    return options


def say(line: str) -> None:
    """Tell a person what is going on; stdout is for the path."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as failed:
        command = " ".join(map(str, failed.cmd[:5]))
        say(f"The trainer could not be installed: {command} … ended with exit code {failed.returncode}.")
        sys.exit(1)
