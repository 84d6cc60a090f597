"""Processes that a test has started, found by a mark in their environment, wherever they hang in the process tree."""

import contextlib
from pathlib import Path

import psutil

MARK = "AXO_TEST_STACK"


def marked(mark: str) -> list[psutil.Process]:
    """Return every living process that carries the mark."""
    return _with(f"{MARK}={mark}")


def runs(mark: str) -> list[psutil.Process]:
    """Return the living processes of all runs among them, guards included."""
    return [process for process in marked(mark) if "AXO_RUN" in environment_of(process)]


def of_run(run: str) -> list[psutil.Process]:
    """Return the living processes of one attempt, its guard included; `run` is its job's id, a slash and its number."""
    return _with(f"AXO_RUN={run}")


def environment_of(process: psutil.Process) -> dict[str, str]:
    """Return a living process's environment; of a dead one, nothing."""
    try:
        return {} if process.status() == psutil.STATUS_ZOMBIE else process.environ()
    except psutil.Error:
        return {}


def _with(assignment: str) -> list[psutil.Process]:
    """Read /proc as it is: tests look many times a second, and `psutil.process_iter` takes ten times as long."""
    wanted = b"\0%b\0" % assignment.encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, psutil.Error):  # it ended meanwhile, or is a zombie
            if wanted in b"\0%b\0" % (folder / "environ").read_bytes():
                found.append(psutil.Process(int(folder.name)))
    return found
