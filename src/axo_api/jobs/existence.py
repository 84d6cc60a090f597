"""Whether what a spec names by path or on the hub exists, as far as that can be known when it is submitted."""

import asyncio
import math
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx

from axo_api.axolotl.accepting import check_keys, has_keys_of_axolotl
from axo_api.errors import Invalid, inside
from axo_api.jobs.permission import Permission
from axo_api.jobs.unsafe_code import refuse_addresses, refuse_unsafe_code
from axo_api.settings import Settings
from axo_contracts.config_spec import HUB_NAME
from axo_contracts.datasets import HubSource, PathSource
from axo_contracts.jobs import JobSpec, link_to_spec, links_of
from axo_contracts.training import Training

REMEMBERED_SECONDS = 5.0
MOST_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class _Path:
    field: str
    path: str
    member: str | None  # what must be a file: the path itself (""), or this within the folder; None: either may be
    into_storage: bool  # whether it may lie where everybody's files and results do
    may_be_elsewhere: bool  # whether it may lie outside of the allowed folders, also where only workers see it


@dataclass(frozen=True, slots=True)
class _HubName:
    field: str
    kind: str
    text: str
    revision: str | None


class Existence:
    """Looks whether what a spec names exists, and remembers for a moment what does.

    A sweep of many jobs over one model then looks once: each look costs a thread's turn, or a request to the hub.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._http = httpx.AsyncClient(timeout=settings.hub.timeout_seconds, follow_redirects=True)
        self._found_at: dict[_Path | _HubName, float] = {}

    async def check(self, spec: JobSpec, permission: Permission) -> None:
        """Raise `Invalid` for code to be run, wrong Axolotl keys, or what is not there, or not allowed.

        A path reaches into the storage root only where that is permitted: what lies there has owners.
        A hub that does not answer in time is no reason to refuse: the worker may reach it.
        """
        if isinstance(spec, Training) and not permission.unsafe_code:
            refuse_unsafe_code(spec)
            refuse_addresses(spec, self._settings.tracker_addresses)
        if has_keys_of_axolotl(spec):
            await asyncio.to_thread(check_keys, spec, self._settings, permission)
        paths = [path for path in _named_paths(spec, permission) if not self._is_remembered(path)]
        if paths:
            await asyncio.to_thread(_check_paths, paths, self._settings)
            self._remember(paths)
        for name in _named_on_hub(spec, permission):
            if self._settings.hub.check and not self._is_remembered(name):
                await self._check_on_hub(name)
        for index, link in enumerate(links_of(spec)):
            with inside(f"then.{index}"):
                await self.check(link_to_spec(link, priority=spec.priority), permission)

    async def close(self) -> None:
        """Close the connections to the hub."""
        await self._http.aclose()

    async def _check_on_hub(self, name: _HubName) -> None:
        hub = self._settings.hub.endpoint
        url = f"{hub}/api/{name.kind}s/{name.text}" + (
            f"/revision/{quote(name.revision, safe='')}" if name.revision else ""
        )
        try:
            answer = await self._http.get(url)
        except httpx.HTTPError:
            return
        if answer.status_code in {401, 403, 404}:
            raise Invalid(
                f"{name.field}: the hub has no {name.kind} {name.text!r}"
                f"{f' at revision {name.revision!r}' if name.revision else ''}"
                ", or it is not public; look at its spelling.",
                param=name.field,
            )
        self._remember([name])

    def _is_remembered(self, what: _Path | _HubName) -> bool:
        return time.monotonic() - self._found_at.get(what, -math.inf) < REMEMBERED_SECONDS

    def _remember(self, found: Iterable[_Path | _HubName]) -> None:
        if len(self._found_at) > MOST_REMEMBERED:
            self._found_at.clear()
        self._found_at.update(dict.fromkeys(found, time.monotonic()))


def _named_paths(spec: JobSpec, permission: Permission) -> Iterator[_Path]:
    for field, name, _ in spec.named_models():
        if name.startswith("/"):
            yield _Path(field, name, "config.json", permission.into_storage, permission.unsafe_code)
    for field, source, may_be_folder in spec.sources():
        if isinstance(source, PathSource):
            member = None if may_be_folder else ""
            yield _Path(field, source.path, member, permission.into_storage, permission.unsafe_code)


def _named_on_hub(spec: JobSpec, permission: Permission) -> Iterator[_HubName]:
    for named in spec.named_models():
        field, name, revision = named
        if named.is_of_chain or named.is_trained_here:
            continue
        if HUB_NAME.fullmatch(name):
            yield _HubName(field, "model", name, revision)
        elif not (name.startswith("/") or permission.unsafe_code):
            raise Invalid(
                f"{field}: {name!r} is neither a name on the hub (org/model) nor an "
                "absolute path, nor that of a model that was trained here (ft:…).",
                param=field,
            )
    for field, source, _ in spec.sources():
        if isinstance(source, HubSource):
            yield _HubName(field, "dataset", source.repo_id, source.revision)


def _check_paths(paths: Sequence[_Path], settings: Settings) -> None:
    roots = [root.resolve() for root in settings.readable_roots]
    storage = settings.storage_root.resolve()
    for named in paths:
        path = Path(os.path.realpath(named.path))
        is_private = not named.into_storage and _holds_some_of(path, storage, named.member)
        is_below = any(path.is_relative_to(root) for root in roots)
        if is_private or not (is_below or named.may_be_elsewhere):
            where = ", ".join(str(root) for root in roots) or "none: the operator has set no AXO_ALLOWED_ROOTS"
            raise Invalid(
                f"{named.field}: {named.path!r} is outside of the allowed folders ({where}).", param=named.field
            )
        if is_below and not _is_there(path, named.member):
            what = f"no model's folder: it has no {named.member}" if named.member else "no file"
            raise Invalid(f"{named.field}: {named.path!r} is {what}.", param=named.field)


def _holds_some_of(path: Path, storage: Path, member: str | None) -> bool:
    """Return whether reading `path` reads in the storage: a folder of data is read with all that is below it."""
    return path.is_relative_to(storage) or (member is None and storage.is_relative_to(path))


def _is_there(path: Path, member: str | None) -> bool:
    """Return whether there is such a file. `pathlib` would raise for a loop, or too long a name."""
    return os.path.exists(path) if member is None else os.path.isfile(path / member)  # noqa: PTH110, PTH113
