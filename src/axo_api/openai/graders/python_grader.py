"""Python graders: a client's code in a process of its own, with limits and without anything of the service's."""

import asyncio
import json
import math
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from axo_api.openai.graders import python_program

MOST_RESULT_BYTES = 64 * 1024
MOST_AT_ONCE = 4

_PROGRAM = str(Path(python_program.__file__).absolute())
_REQUEST, _RESULT = "request.json", "result.json"
_places = asyncio.Semaphore(MOST_AT_ONCE)


class PythonGraderFailed(Exception):
    """The code raised, went over a limit, or returned no number. Its text says which."""


async def run(source: str, answer: str, row: dict[str, Any], *, seconds: float) -> float:
    """Return what `grade(sample, item)` of `source` returns, within so many `seconds` once there is a place for it.

    Raises `PythonGraderFailed`, and `OSError` where no process can be started.
    """
    cpu_seconds = math.ceil(seconds) + 1  # what the wait here has ended by then is told as too long, not as killed
    request = {"source": source, "answer": answer, "item": row, "cpu_seconds": cpu_seconds}
    async with _places:
        with _new_folder() as folder, _files(Path(folder), request) as (asked, answered):
            ended_by = await _run_program(folder, asked, answered, seconds)
            return _result(Path(folder), ended_by)


def _new_folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="axo-grader-", ignore_cleanup_errors=True)


@contextmanager
def _files(folder: Path, request: dict[str, Any]) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    (folder / _REQUEST).write_text(json.dumps(request))
    with (folder / _REQUEST).open("rb") as asked, (folder / _RESULT).open("wb") as answered:
        yield asked, answered


async def _run_program(folder: str, asked: BinaryIO, answered: BinaryIO, seconds: float) -> int:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", "-B", _PROGRAM),
        stdin=asked,
        stdout=answered,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=folder,
        env={"PATH": os.defpath, "HOME": folder, "LANG": "C.UTF-8"},
        start_new_session=True,
    )
    try:
        return await asyncio.wait_for(process.wait(), seconds)
    except TimeoutError:
        raise PythonGraderFailed(f"it took longer than {seconds:g} seconds, and was stopped") from None
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def _result(folder: Path, ended_by: int) -> float:
    with (folder / _RESULT).open("rb") as file:
        said = file.read(MOST_RESULT_BYTES)
    try:
        result = json.loads(said)
        score, error = result["score"], result["error"]
    except (ValueError, KeyError, TypeError, RecursionError):
        how = f"signal {-ended_by}" if ended_by < 0 else f"exit code {ended_by}"
        raise PythonGraderFailed(f"it ended without a score ({how})") from None
    if not isinstance(score, int | float) or isinstance(score, bool) or not math.isfinite(score):
        raise PythonGraderFailed(str(error))
    return float(score)
