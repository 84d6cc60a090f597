"""Asking the helper: one question a connection, one line of JSON each way."""

import os
import socket
import time
from pathlib import Path

import msgspec

from axo_contracts.questions import Answer, Failed, Question, decode_answer, encode
from axo_worker.helping.helper_process import socket_of

_LOOK_SECONDS = 0.1
_SPARE_SECONDS = 2.0  # for the helper to say that it took too long


class NotThere(Exception):
    """The helper is not ready: it starts, it was switched off, or it has just died."""


def ask(home: Path, question: Question, *, seconds: float, patience_seconds: float = 0.0) -> Answer:
    """Return the helper's answer within `seconds`. Raises `NotThere` when it is not ready within the patience.

    A helper that says nothing in time, or nonsense, is a `Failed` answer.
    """
    with _connect(home, patience_seconds) as connection:
        connection.settimeout(seconds + _SPARE_SECONDS)
        try:
            connection.sendall(encode(question) + b"\n")
            with connection.makefile("rb") as reader:
                answer: Answer = decode_answer(reader.readline())
                return answer
        except TimeoutError:
            return Failed(message="The trainer's helper did not answer in time.")
        except (OSError, msgspec.DecodeError) as error:
            return Failed(message=f"The trainer's helper gave no answer that can be read ({error}).")


def _connect(home: Path, patience_seconds: float) -> socket.socket:
    give_up_at = time.monotonic() + patience_seconds
    while True:
        try:
            return _connect_once(socket_of(home))
        except OSError as error:
            if time.monotonic() >= give_up_at:
                raise NotThere("The trainer's helper is not ready.") from error
        time.sleep(_LOOK_SECONDS)


def _connect_once(path: Path) -> socket.socket:
    """Connect through the folder's descriptor: the address of a unix socket may have 107 bytes, a path many more."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(f"/proc/self/fd/{folder}/{path.name}")
    except OSError:
        connection.close()
        raise
    finally:
        os.close(folder)
    return connection
