"""Takes one question a connection on a unix socket, and has a forked child answer it: one line of JSON each way."""

import contextlib
import json
import os
import select
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .processes import bound, die_with_parent
from .work_folders import remove_work_folder

MOST_CHILDREN = 4
MOST_BYTES = 6 * 1024**3  # that a child may take on top of what it shares with us
MOST_QUESTION_BYTES = 16 * 1024**2
READ_SECONDS = 5.0
SHORT_SECONDS = 15.0  # for a question that says no time of its own

Answering = Callable[[dict[str, Any]], dict[str, Any]]


def serve(path: Path, answer: Answering) -> None:
    """Answer for ever. The socket appears when this is ready for its first question."""
    woken, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    listener = _listen(path)
    children: dict[int, socket.socket] = {}
    while True:
        waiting = [woken, listener.fileno()] if len(children) < MOST_CHILDREN else [woken]
        ready, _, _ = select.select(waiting, [], [])
        if woken in ready:
            _drain(woken)
            _bury(children)
        if listener.fileno() in ready:
            connection, _ = listener.accept()
            children[_fork(connection, answer)] = connection


def _listen(path: Path) -> socket.socket:
    """Bind through the folder's descriptor: the address of a unix socket may have 107 bytes, a path many more."""
    path.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    building = f"/proc/self/fd/{folder}/.{path.name}"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(building)  # noqa: PTH108  # a path through a descriptor
    listener.bind(building)
    listener.listen(64)
    path.with_name(f".{path.name}").chmod(0o600)
    path.with_name(f".{path.name}").rename(path)
    os.close(folder)
    return listener


def _fork(connection: socket.socket, answer: Answering) -> int:
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        die_with_parent(parent)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setpgid(0, 0)  # so that whatever it starts can be killed with it
        _be_silent()
        connection.settimeout(READ_SECONDS)
        question = json.loads(_read_line(connection))
        bound(float(question.get("seconds", SHORT_SECONDS)), MOST_BYTES)
        connection.settimeout(None)
        connection.sendall(json.dumps(answer(question), default=str).encode() + b"\n")
    except BaseException:
        os._exit(1)
    os._exit(0)


def _be_silent() -> None:
    """Leave standard output and error to nobody: Axolotl prints hundreds of lines about each config."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nowhere, fd)


def _read_line(connection: socket.socket) -> bytes:
    received = bytearray()
    while not received.endswith(b"\n"):
        piece = connection.recv(1 << 20)
        received += piece
        if not piece or len(received) > MOST_QUESTION_BYTES:
            raise ValueError("the question is cut off, or too long")
    return bytes(received)


def _bury(children: dict[int, socket.socket]) -> None:
    """Collect the dead, end what they left, and say so for those that died without an answer."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        connection = children.pop(pid, None)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        remove_work_folder(pid)
        if connection is not None:
            with connection, contextlib.suppress(OSError):
                if status != 0:
                    connection.setblocking(False)
                    connection.sendall(json.dumps({"kind": "failed", "message": _why(status)}).encode() + b"\n")


def _why(status: int) -> str:
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM:
        return "The trainer's helper took too long over it and was stopped."
    if os.WIFSIGNALED(status):
        return f"The trainer's helper died of signal {os.WTERMSIG(status)} over it."
    return "The trainer's helper could not answer it."


def _drain(fd: int) -> None:
    with contextlib.suppress(BlockingIOError):
        while os.read(fd, 4096):
            continue
