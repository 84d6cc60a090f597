"""What a run has read: its base model and its data, with what tells one version of them from another."""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from axo_contracts.orders import RunOrder
from axo_contracts.outputs import Source, SourceFile
from axo_contracts.storage_paths import INPUTS
from axo_worker.files import sha256_of

HASHED_BYTES = 64 * 1024 * 1024  # a larger file that nobody uploaded is told by its size alone
MOST_FILES = 1000  # of one folder

_COMMIT = re.compile(r"[0-9a-f]{40}")
_DATA_KEYS = ("datasets", "pretraining_dataset", "test_datasets")


def base_of(order: RunOrder, folder: Path, hub_cache: Path) -> Source:
    """Return the base model of an attempt in `folder`; `hub_cache` is where its trainer keeps what a hub gave."""
    revision = order.config.get("revision_of_model")
    return _named(str(order.config.get("base_model", "")), revision, folder, hub_cache, "models")


def datasets_of(order: RunOrder, folder: Path, hub_cache: Path) -> tuple[Source, ...]:
    """Return the data of an attempt: the uploaded files, then what its config names."""
    uploaded = [
        Source(name=PurePosixPath(file.source).name, files=(SourceFile(file.name, file.bytes, file.sha256),))
        for file in order.inputs
    ]
    named = [
        _named(place, entry.get("revision"), folder, hub_cache, "datasets")
        for key in _DATA_KEYS
        for entry, place in _entries(order.config.get(key))
        if PurePosixPath(place).parts[:1] != (INPUTS,)
    ]
    return (*uploaded, *named)


def _entries(value: Any) -> Iterator[tuple[dict[str, Any], str]]:
    for entry in value if isinstance(value, list) else ():
        if isinstance(entry, dict):
            places = entry.get("data_files"), entry.get("path")
            yield from [(entry, place) for place in places if isinstance(place, str) and place][:1]


def _named(name: str, revision: Any, folder: Path, hub_cache: Path, kind: str) -> Source:
    revision = None if revision is None else str(revision)
    local = folder / name
    if name and local.exists():
        return Source(name=name, files=tuple(_files(local)))
    commit = _commit(hub_cache / f"{kind}--{name.replace('/', '--')}", revision)
    return Source(name=name, revision=revision, commit=commit)


def _files(place: Path) -> Iterator[SourceFile]:
    """Yield the file at `place`, or those in the folder there; what cannot be read is left out."""
    paths = [place] if place.is_file() else sorted(path for path in place.rglob("*") if path.is_file())
    for path in paths[:MOST_FILES]:
        try:
            size = path.stat().st_size
            digest = sha256_of(path) if size <= HASHED_BYTES else None
        except OSError:
            continue
        yield SourceFile(path.name if path == place else str(path.relative_to(place)), size, digest)


def _commit(repository: Path, revision: str | None) -> str | None:
    """Return the commit that a hub's cache has of a revision."""
    if revision is not None and _COMMIT.fullmatch(revision):
        return revision
    try:
        return (repository / "refs" / (revision or "main")).read_text().strip()
    except (OSError, ValueError):
        return None
