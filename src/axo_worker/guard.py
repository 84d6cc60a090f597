"""The guard: holds one trainer's whole process tree, and kills all of it when the lease runs out or its owner is gone.

Run as a program, by its path and without site-packages, so that it starts in milliseconds and needs nothing of axo:
`python -S -E guard.py ORDERS_FD REPORTS_FD LEASE_SECONDS COMMAND…`. Standard library only.

It reads lines from ORDERS_FD: `lease SECONDS` (live on for so long) and `kill`. The end of the pipe means that the
owner is dead, and is obeyed as `kill`. It writes lines to REPORTS_FD: `started PID`, `exit WAIT_STATUS` of the command,
`expired` when the lease ran out, and `gone` once nothing of the tree lives.
"""

import ctypes
import os
import select
import signal
import sys
import time
from collections import defaultdict

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36

_KILL_AGAIN_SECONDS = 0.02  # a tree may fork while it is being killed
_CLOCK_CHECK_SECONDS = 1.0  # select() does not count the time that a host is suspended; the lease does


def main(arguments: list[str]) -> None:
    """Guard the command in `arguments` until nothing of its tree lives."""
    orders, reports, lease_seconds, command = int(arguments[0]), int(arguments[1]), float(arguments[2]), arguments[3:]
    os.set_inheritable(orders, False)
    os.set_inheritable(reports, False)
    become_subreaper()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)  # not SIG_IGN, which the trainer would inherit
    Guard(orders, reports, lease_seconds).hold(command)


class Guard:
    """Holds a tree: the command's, and what it leaves behind."""

    def __init__(self, orders: int, reports: int, lease_seconds: float) -> None:
        self._orders = orders
        self._reports = reports
        self._deadline = boot_clock() + lease_seconds
        self._unread = b""
        self._is_killing = False
        self._command_pid = 0
        self._woken_by_children = _wake_on_sigchld()

    def hold(self, command: list[str]) -> None:
        """Start `command`, and return once nothing of its tree lives."""
        self._command_pid = _start(command)
        self._report(f"started {self._command_pid}")
        while self._reap():
            if self._is_killing:
                kill_descendants(os.getpid())
            elif boot_clock() >= self._deadline:
                self._report("expired")
                self._is_killing = True
            else:
                self._listen(min(_CLOCK_CHECK_SECONDS, self._deadline - boot_clock()))
                continue
            select.select([self._woken_by_children], [], [], _KILL_AGAIN_SECONDS)
            _drain(self._woken_by_children)
        self._report("gone")

    def _reap(self) -> bool:
        """Collect the dead, and return whether any child still lives."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self._command_pid:
                self._report(f"exit {status}")
                self._is_killing = True

    def _listen(self, seconds: float) -> None:
        ready, _, _ = select.select([self._orders, self._woken_by_children], [], [], max(seconds, 0))
        if self._woken_by_children in ready:
            _drain(self._woken_by_children)
        if self._orders in ready:
            received = os.read(self._orders, 4096)
            *lines, self._unread = (self._unread + received).split(b"\n")
            for line in lines:
                self._obey(line.decode())
            self._is_killing |= not received

    def _obey(self, line: str) -> None:
        match line.split():
            case ["lease", seconds]:
                self._deadline = boot_clock() + float(seconds)
            case ["kill"]:
                self._is_killing = True

    def _report(self, line: str) -> None:
        try:
            os.write(self._reports, f"{line}\n".encode())
        except OSError:
            self._is_killing = True  # nobody is left to read it


def boot_clock() -> float:
    """Return seconds since the host started, the time that it was suspended included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def become_subreaper() -> None:
    """Make this process the parent of every orphan among its descendants."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent(parent_pid: int) -> None:
    """Have the kernel kill this process when the parent's thread that started it ends. Exits if it already has."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        os._exit(1)


def kill_descendants(root: int) -> None:
    """Send SIGKILL to every process below `root`, whatever session or group it is in."""
    for pid in descendants(root):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def descendants(root: int) -> list[int]:
    """Return the processes below `root`, dead ones that nobody collected included, parents first."""
    children = defaultdict(list)
    for entry in os.scandir("/proc"):
        if entry.name.isdigit() and (parent := _parent_of(entry.name)) is not None:
            children[parent].append(int(entry.name))
    found = [root]
    for pid in found:
        found.extend(children[pid])
    return found[1:]


def _parent_of(pid: str) -> int | None:
    try:
        with open(f"/proc/{pid}/stat", errors="replace") as file:  # noqa: PTH123  # pathlib would take a third of our start
            stat = file.read()
    except OSError:
        return None
    return int(stat.rpartition(")")[2].split()[1])  # the name before it may hold spaces and brackets


def _start(command: list[str]) -> int:
    guard_pid = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        die_with_parent(guard_pid)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores these, and its children would
            signal.signal(number, signal.SIG_DFL)
        os.execvp(command[0], command)  # noqa: S606  # the command is the worker's
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
    os._exit(127)


def _wake_on_sigchld() -> int:
    reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return reader


def _drain(fd: int) -> None:
    try:
        while os.read(fd, 4096):
            continue
    except BlockingIOError:
        return


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl failed")


if __name__ == "__main__":
    main(sys.argv[1:])
