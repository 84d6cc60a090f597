"""Takes one question a connection on a unix socket, and has a forked child answer it: one line of JSON each way."""

import contextlib
import json
import os
import select
import signal
import socket
from collections.abc import Callable, Iterator
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


def serve(path: Path, answer: Answering, rehearse: Callable[[], None]) -> None:
    """Answer for ever. The socket appears when this is ready for its first question; each child rehearses first."""
    woken, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    children = Children(answer, rehearse)
    listener = _listen(path)
    while True:
        ready, _, _ = select.select([woken, listener.fileno()] if children.has_room else [woken], [], [])
        if woken in ready:
            _drain(woken)
            children.bury()
        if listener.fileno() in ready:
            children.give(listener.accept()[0])


class Children:
    """The children that answer, and a spare one that waits.

    To fork so large a process, and to copy the pages that a question touches first, takes tens of milliseconds; the
    spare child has both behind it.
    """

    def __init__(self, answer: Answering, rehearse: Callable[[], None]) -> None:
        self._answer = answer
        self._rehearse = rehearse
        self._busy: dict[int, socket.socket] = {}
        self._spare, self._channel = self._fork()

    @property
    def has_room(self) -> bool:
        """Whether another question may be answered beside those that are."""
        return len(self._busy) < MOST_CHILDREN

    def give(self, connection: socket.socket) -> None:
        """Have the spare child answer on `connection`, and get ready for the next."""
        self._busy[self._spare] = connection
        with contextlib.suppress(OSError):  # one that has just died is buried like any other
            socket.send_fds(self._channel, [b"!"], [connection.fileno()])
        self._channel.close()
        self._spare, self._channel = self._fork()

    def bury(self) -> None:
        """Collect the dead, end what they left, and say so for those that died without an answer."""
        for pid, status in _dead():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
            remove_work_folder(pid)
            if pid == self._spare:
                self._channel.close()
                self._spare, self._channel = self._fork()
            elif connection := self._busy.pop(pid, None):
                with connection, contextlib.suppress(OSError):
                    if status != 0:
                        _say_why(connection, status)

    def _fork(self) -> tuple[int, socket.socket]:
        ours, theirs = socket.socketpair()
        parent = os.getpid()
        if pid := os.fork():
            theirs.close()
            return pid, ours
        try:
            die_with_parent(parent)
            ours.close()
            for connection in self._busy.values():
                connection.close()
            _settle_in()
            self._rehearse()
            _answer_one(theirs, self._answer)
        except BaseException:
            os._exit(1)
        os._exit(0)


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


def _settle_in() -> None:
    """Make a child a process of its own. Its output goes nowhere: Axolotl prints much about each config."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setpgid(0, 0)  # so that whatever it starts can be killed with it
    nowhere = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nowhere, fd)


def _answer_one(channel: socket.socket, answer: Answering) -> None:
    """Wait for a connection, and answer the question that comes over it."""
    _, descriptors, _, _ = socket.recv_fds(channel, 1, 1)
    connection = socket.socket(fileno=descriptors[0])
    connection.settimeout(READ_SECONDS)
    question = json.loads(_read_line(connection))
    bound(float(question.get("seconds", SHORT_SECONDS)), MOST_BYTES)
    connection.settimeout(None)
    connection.sendall(json.dumps(answer(question), default=str).encode() + b"\n")


def _read_line(connection: socket.socket) -> bytes:
    received = bytearray()
    while not received.endswith(b"\n"):
        piece = connection.recv(1 << 20)
        received += piece
        if not piece or len(received) > MOST_QUESTION_BYTES:
            raise ValueError("the question is cut off, or too long")
    return bytes(received)


def _dead() -> Iterator[tuple[int, int]]:
    """Yield the children that have died, with their wait status."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        yield pid, status


def _say_why(connection: socket.socket, status: int) -> None:
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
