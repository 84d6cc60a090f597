"""`python -m axo_api` in a process that has its modules already: to load them takes longer than most tests."""

import multiprocessing
import os
import resource
import sys
from collections.abc import Mapping
from pathlib import Path

from axo_api.__main__ import main

_LOADED = multiprocessing.get_context("forkserver")
_LOADED.set_forkserver_preload(["axo_api.server"])

Program = multiprocessing.process.BaseProcess


def start(environment: Mapping[str, str], output: Path, file_size_limit: int | None) -> Program:
    """Start it with that environment; what it prints is appended to `output`. It does not outlive this process."""
    process = _LOADED.Process(target=_run, args=(dict(environment), output, file_size_limit), daemon=True)
    process.start()
    return process


def _run(environment: dict[str, str], output: Path, file_size_limit: int | None) -> None:
    with output.open("ab") as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())
    os.environ.clear()
    os.environ.update(environment)
    if file_size_limit is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_size_limit, file_size_limit))
    sys.argv = ["axo_api"]
    main()
