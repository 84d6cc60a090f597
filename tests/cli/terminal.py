"""A command on a real pseudo-terminal, and the screen that an emulator makes of its output."""

import fcntl
import os
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pyte


class Terminal:
    """Reads what the command writes as it comes. `screens` are all that a person saw, one behind the other."""

    def __init__(self, command: list[str], *, columns: int, rows: int = 24, term: str = "xterm-256color") -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self.written = b""
        self.screens: list[list[str]] = []
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        environment["TERM"] = term
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment)
        os.close(slave)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def lines(self) -> list[str]:
        """Return the screen's lines that are not empty."""
        return self.screens[-1] if self.screens else []

    def shows(self, *texts: str) -> bool:
        """Return whether each text is on the screen."""
        screen = "\n".join(self.lines())
        return all(text in screen for text in texts)

    def type(self, text: str) -> None:
        """Send keys, as a person at the terminal would."""
        os.write(self._master, text.encode())

    def wait_for_end(self) -> int:
        """Wait until the command has ended and all that it wrote is read; return its exit code."""
        code = self.process.wait(60)
        self._reader.join()
        return code

    def close(self) -> None:
        """Kill the command if it still runs."""
        self.process.kill()
        self.process.wait()
        self._reader.join()
        os.close(self._master)

    def _read(self) -> None:
        while data := self._next():
            self.written += data
            self._stream.feed(data)
            if lines := [line.rstrip() for line in self._screen.display if line.strip()]:
                self.screens.append(lines)

    def _next(self) -> bytes:
        try:
            return os.read(self._master, 1 << 16)
        except OSError:  # nobody holds the other end any more
            return b""


@contextmanager
def axo_in_terminal(*arguments: str, columns: int = 80, term: str = "xterm-256color") -> Iterator[Terminal]:
    """Run one `axo` command on a terminal of that width."""
    terminal = Terminal([sys.executable, "-m", "axo_cli", *arguments], columns=columns, term=term)
    try:
        yield terminal
    finally:
        terminal.close()
