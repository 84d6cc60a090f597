"""Whether what a spec names by path or on the hub exists, as far as that can be known when it is submitted."""

import asyncio
import math
import os
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx

from axo_api.errors import Invalid
from axo_api.jobs.unsafe_code import refuse_unsafe_code
from axo_api.settings import Settings
from axo_contracts.datasets import Dataset, HubSource, PathSource
from axo_contracts.jobs import JobSpec

HUB_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")
REMEMBERED_SECONDS = 5.0
MOST_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class _Path:
    field: str
    path: str
    member: str  # what must be a file: the path itself (""), or this within the folder


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

    async def check(self, spec: JobSpec) -> None:
        """Raise `Invalid` for code to be run, or the first model or data set that does not exist, or lies outside the
        allowed roots.

        A hub that does not answer in time is no reason to refuse: the worker may reach it.
        """
        refuse_unsafe_code(spec)
        paths = [path for path in _named_paths(spec) if not self._is_remembered(path)]
        if paths:
            await asyncio.to_thread(_check_paths, paths, self._settings.allowed_roots)
            self._remember(paths)
        for name in _named_on_hub(spec):
            if self._settings.hub.check and not self._is_remembered(name):
                await self._check_on_hub(name)

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


def _named_paths(spec: JobSpec) -> Iterator[_Path]:
    if spec.base_model.startswith("/"):
        yield _Path("base_model", spec.base_model, "config.json")
    for field, dataset in _datasets(spec):
        if isinstance(dataset.source, PathSource):
            yield _Path(f"{field}.source.path", dataset.source.path, "")


def _named_on_hub(spec: JobSpec) -> Iterator[_HubName]:
    if not spec.base_model.startswith("/"):
        if HUB_NAME.fullmatch(spec.base_model) is None:
            raise Invalid(
                f"base_model: {spec.base_model!r} is neither a name on the hub (org/model) nor an absolute path.",
                param="base_model",
            )
        yield _HubName("base_model", "model", spec.base_model, spec.base_model_revision)
    for field, dataset in _datasets(spec):
        if isinstance(dataset.source, HubSource):
            yield _HubName(f"{field}.source.repo_id", "dataset", dataset.source.repo_id, dataset.source.revision)


def _datasets(spec: JobSpec) -> Iterator[tuple[str, Dataset]]:
    for field, datasets in (("datasets", spec.datasets), ("validation_datasets", spec.validation_datasets)):
        for index, dataset in enumerate(datasets):
            yield f"{field}.{index}", dataset


def _check_paths(paths: Sequence[_Path], allowed_roots: Sequence[Path]) -> None:
    roots = [root.resolve() for root in allowed_roots]
    for named in paths:
        path = Path(os.path.realpath(named.path))
        if not any(path.is_relative_to(root) for root in roots):
            where = ", ".join(str(root) for root in roots) or "none: the operator has set no AXO_ALLOWED_ROOTS"
            raise Invalid(
                f"{named.field}: {named.path!r} is outside of the allowed folders ({where}).", param=named.field
            )
        if not os.path.isfile(path / named.member):  # noqa: PTH113 (pathlib raises for a loop, or too long a name)
            what = f"no model's folder: it has no {named.member}" if named.member else "no file"
            raise Invalid(f"{named.field}: {named.path!r} is {what}.", param=named.field)
