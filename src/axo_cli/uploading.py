"""Sending a file of training rows. A large one goes on where a broken connection left it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from axo_cli.api import Api, wait_after
from axo_cli.errors import Unreachable

LARGE_BYTES = 16 * 1024 * 1024
PIECE_BYTES = 1024 * 1024
TRIES = 6  # without a byte more, before it is given up


def upload(api: Api, path: Path, resume: str | None = None, *, name: str | None = None) -> Any:
    """Upload a file, as `name` or as it is called, and return its JSON; with `resume`, go on with that upload.

    Raises `Refused`, and `Unreachable` with how to go on later.
    """
    size = path.stat().st_size
    if resume is None and size < LARGE_BYTES:
        return api.upload(path, name)
    if resume is None:
        resume = str(api.post("/v1/files/uploads", {"filename": name or path.name, "bytes": size})["id"])
    place = f"/v1/files/uploads/{resume}"
    try:
        return _send_all(api, place, path)
    except Unreachable as error:
        later = f"go on with `axo files upload {path} --resume {resume}`"
        raise Unreachable(f"{error} What was sent is kept: {later}.") from error


def _send_all(api: Api, place: str, path: Path) -> Any:
    tried, furthest = 0, -1
    while True:
        try:
            state = api.get(place)
            if state["file"] is not None:
                return state["file"]
            tried, furthest = (0 if state["offset"] > furthest else tried), state["offset"]
            api.put(place, _from(path, furthest), path.stat().st_size - furthest, {"Upload-Offset": str(furthest)})
        except Unreachable:
            tried += 1
            if tried == TRIES:
                raise
            wait_after(tried)


def _from(path: Path, offset: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(offset)
        while piece := file.read(PIECE_BYTES):
            yield piece
