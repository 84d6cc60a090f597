"""Processes that a test has started, found by a mark in their environment, wherever they hang in the process tree."""

import psutil

MARK = "AXO_TEST_STACK"


def marked(mark: str) -> list[psutil.Process]:
    """Return every living process that carries the mark."""
    return [process for process in psutil.process_iter() if environment_of(process).get(MARK) == mark]


def runs(mark: str) -> list[psutil.Process]:
    """Return the living processes of all runs among them, guards included."""
    return [process for process in marked(mark) if "AXO_RUN" in environment_of(process)]


def environment_of(process: psutil.Process) -> dict[str, str]:
    """Return a living process's environment; of a dead one, nothing."""
    try:
        return {} if process.status() == psutil.STATUS_ZOMBIE else process.environ()
    except psutil.Error:
        return {}
