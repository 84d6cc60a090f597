"""Opening what a trainer can put anything in the place of: a link is not followed, and a pipe not waited for."""

import errno
import os
import stat
from io import FileIO
from pathlib import Path

MOST_READ_BYTES = 64 * 1024 * 1024

NO_REGULAR_FILE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO, errno.ENAMETOOLONG}
"""The numbers of an `OSError` that says that no regular file lies at a path."""


def open_regular(path: Path, below: Path) -> FileIO:
    """Open a file for reading. None of the names by which `path` leads there from `below`, a folder, may be a link.

    Raises `FileNotFoundError`, also where something else lies there, and `OSError`.
    """
    at = os.open(below, os.O_RDONLY | os.O_DIRECTORY)
    for name in path.relative_to(below).parts:
        try:
            inner = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=at)
        except OSError as error:
            if error.errno in NO_REGULAR_FILE:
                raise _missing(path) from error
            raise
        finally:
            os.close(at)
        at = inner
    if not stat.S_ISREG(os.fstat(at).st_mode):
        os.close(at)
        raise _missing(path)
    return FileIO(at)


def read_small(path: Path) -> bytes:
    """Return what is in a file of at most 64 MiB.

    Raises `FileNotFoundError`, also where a link, a larger file or something else lies there, and `OSError`.
    """
    with open_regular(path, path.parent) as file:
        size = os.fstat(file.fileno()).st_size
        if size > MOST_READ_BYTES:
            raise _missing(path)
        return file.read(size)


def _missing(path: Path) -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, "There is no regular file that may be read", str(path))
