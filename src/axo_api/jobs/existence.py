"""Whether what a spec names by path or on the hub exists, as far as that can be known when it is submitted."""

import asyncio
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from axo_api.errors import Invalid
from axo_api.settings import HubSettings, Settings
from axo_contracts.datasets import Dataset, HubSource, PathSource
from axo_contracts.jobs import JobSpec

HUB_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")


async def check_existence(spec: JobSpec, settings: Settings) -> None:
    """Raise `Invalid` for the first model or data set that does not exist, or that lies outside the allowed roots.

    A hub that does not answer in time is no reason to refuse: the worker may reach it.
    """
    paths = list(_named_paths(spec))
    if paths:
        await asyncio.to_thread(_check_paths, paths, settings.allowed_roots)
    for name in _named_on_hub(spec):
        if settings.hub.check and not await _on_hub(settings.hub, name):
            raise Invalid(
                f"{name.field}: the hub has no {name.kind} {name.text!r}"
                f"{f' at revision {name.revision!r}' if name.revision else ''}"
                ", or it is not public; look at its spelling.",
                param=name.field,
            )


@dataclass(frozen=True, slots=True)
class _Path:
    field: str
    path: Path
    member: str  # what must be a file: the path itself (""), or this within the folder


@dataclass(frozen=True, slots=True)
class _HubName:
    field: str
    kind: str
    text: str
    revision: str | None


def _named_paths(spec: JobSpec) -> Iterator[_Path]:
    if spec.base_model.startswith("/"):
        yield _Path("base_model", Path(spec.base_model), "config.json")
    for field, dataset in _datasets(spec):
        if isinstance(dataset.source, PathSource):
            yield _Path(f"{field}.source.path", Path(dataset.source.path), "")


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
        path = named.path.resolve()
        if not any(path.is_relative_to(root) for root in roots):
            where = ", ".join(str(root) for root in roots) or "none: the operator has set no AXO_ALLOWED_ROOTS"
            raise Invalid(
                f"{named.field}: {str(named.path)!r} is outside of the allowed folders ({where}).", param=named.field
            )
        if not (path / named.member).is_file():
            what = f"no model's folder: it has no {named.member}" if named.member else "no file"
            raise Invalid(f"{named.field}: {str(named.path)!r} is {what}.", param=named.field)


async def _on_hub(hub: HubSettings, name: _HubName) -> bool:
    url = f"{hub.endpoint}/api/{name.kind}s/{name.text}" + (f"/revision/{name.revision}" if name.revision else "")
    try:
        async with httpx.AsyncClient(timeout=hub.timeout_seconds, follow_redirects=True) as client:
            answer = await client.get(url)
    except httpx.HTTPError:
        return True
    return answer.status_code not in {401, 403, 404}
