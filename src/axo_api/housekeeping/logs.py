"""The log of a job that has ended: its journal keeps the job's moves and its end, and loses what the run said."""

import os
from pathlib import Path

from axo_api.durable import sync_folder
from axo_api.journals.reading import prefix_of
from axo_api.metrics.building import build_when_missing

_MOVES = (prefix_of("status"), prefix_of("end"))
_LOOKED_AT_BYTES = 64 * 1024  # a run speaks soon after its first moves


def log_bytes(journal: Path) -> int:
    """Return how large a journal is, if it has more than a job's moves; else 0."""
    try:
        with journal.open("rb") as file:
            lines = file.read(_LOOKED_AT_BYTES).splitlines()
            has_more = any(not line.startswith(_MOVES) for line in lines)
            return os.fstat(file.fileno()).st_size if has_more else 0
    except FileNotFoundError:
        return 0


def shorten(journal: Path, metrics: Path) -> None:
    """Leave only a job's moves and its end in its journal, in one move. Its metrics have files of their own.

    Raises `OSError`.
    """
    build_when_missing(metrics, journal)
    shorter = journal.with_name(f".{journal.name}.shorter")
    with journal.open("rb") as source, shorter.open("wb") as target:
        target.writelines(line for line in source if line.startswith(_MOVES))
        target.flush()
        os.fsync(target.fileno())
    shorter.rename(journal)
    sync_folder(journal.parent)
