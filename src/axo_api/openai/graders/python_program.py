"""Run by a Python of its own, without site packages: one grader's code, within limits that are set before it is read.

It is kept from the network and from other processes where the kernel lets a process without privileges do so.
"""

import ctypes
import json
import math
import os
import resource
import signal
import sys
import traceback
from typing import Any

MOST_MEMORY_BYTES = 1024**3
MOST_FILE_BYTES = 16 * 1024**2
MOST_OPEN_FILES = 64
MOST_ERROR_CHARACTERS = 2000

_CODE = "grader.py"
_NEW_USER, _NEW_PROCESSES, _NEW_NETWORK, _NEW_IPC = 0x10000000, 0x20000000, 0x40000000, 0x08000000
_DIE_WITH_THE_PARENT = 1


def main() -> None:
    """Read a request on stdin, and write the score, or the error, to stdout."""
    request = json.load(sys.stdin)
    result = os.fdopen(os.dup(1), "w")
    with open(os.devnull, "r+b") as nothing:  # noqa: PTH123 (a grader starts faster without pathlib)
        os.dup2(nothing.fileno(), 0)
        os.dup2(nothing.fileno(), 1)
    _leave_everything_behind()
    _limit(request["cpu_seconds"])
    json.dump(_outcome(request), result)
    result.flush()
    os._exit(0)  # whatever the code has left to be done at an exit is not done


def _leave_everything_behind() -> None:
    """Go on as the first process of a world of its own: with it, all that it starts will end."""
    libc = ctypes.CDLL(None)
    if libc.unshare(_NEW_USER | _NEW_PROCESSES | _NEW_NETWORK | _NEW_IPC) != 0:
        return
    if (inside := os.fork()) != 0:
        _, status = os.waitpid(inside, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
    libc.prctl(_DIE_WITH_THE_PARENT, signal.SIGKILL)


def _limit(cpu_seconds: int) -> None:
    limits = {
        resource.RLIMIT_CPU: cpu_seconds,
        resource.RLIMIT_AS: MOST_MEMORY_BYTES,
        resource.RLIMIT_FSIZE: MOST_FILE_BYTES,
        resource.RLIMIT_NOFILE: MOST_OPEN_FILES,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_CORE: 0,
    }
    for limit, most in limits.items():
        resource.setrlimit(limit, (most, most))


def _outcome(request: dict[str, Any]) -> dict[str, Any]:
    try:
        score = _grade(request)
    except BaseException as error:
        return {"score": None, "error": _told(error)}
    if isinstance(score, bool) or not isinstance(score, int | float) or not math.isfinite(score):
        return {"score": None, "error": f"grade(sample, item) returned {score!r:.100}, not a finite number"}
    return {"score": float(score), "error": None}


def _told(error: BaseException) -> str:
    told = traceback.TracebackException.from_exception(error)
    told.stack = traceback.StackSummary.from_list([frame for frame in told.stack if frame.filename == _CODE])
    return "".join(told.format()).strip()[-MOST_ERROR_CHARACTERS:]


def _grade(request: dict[str, Any]) -> Any:
    answer = request["answer"]
    try:
        as_json = json.loads(answer)
    except ValueError:
        as_json = None
    code: dict[str, Any] = {"__name__": "grader"}
    exec(compile(request["source"], _CODE, "exec"), code)  # noqa: S102 (it is what this process is for)
    if "grade" not in code:
        raise NameError("the code defines no grade(sample, item)")
    return code["grade"]({"output_text": answer, "output_json": as_json, "output_tools": []}, request["item"])


if __name__ == "__main__":
    main()
