"""Pushing: a task's program with the worker's own keys, which go nowhere but to where its operator allows."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from axo_contracts.destinations import OWNER, covering, parts_of, scheme_of
from axo_contracts.lifecycle import EndReason
from axo_contracts.orders import RunOrder
from axo_worker.failures import RunFailed, sentence_with
from axo_worker.kinds import task
from axo_worker.kinds.launch import Launch
from axo_worker.run_folder import RunFolder
from axo_worker.settings import Settings

_KEYS: dict[str, tuple[str, ...]] = {
    "hf": ("HF_TOKEN",),
    "s3": ("AWS_", "FSSPEC_S3_"),
    "gs": ("GOOGLE_", "CLOUDSDK_", "STORAGE_EMULATOR_HOST", "FSSPEC_GS_"),
    "az": ("AZURE_", "FSSPEC_AZ_"),
    "file": (),
}
"""How the variables begin that a destination needs, by its scheme."""


def launch(order: RunOrder, settings: Settings, runtime: RunFolder) -> Launch:
    """Return how a push is started. Raises `RunFailed` for a destination that this worker does not allow."""
    to = str(order.config["to"])
    _check(to, settings)
    launched = task.launch(order, settings, runtime)
    return replace(launched, environment=launched.environment | dict(_keys(to, os.environ)))


def _keys(to: str, host: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    scheme = scheme_of(to)
    yield from ((name, value) for name, value in host.items() if name.startswith(_KEYS[scheme]))
    if scheme == "hf":
        yield "HF_HUB_DISABLE_XET", "1"  # every hub takes files by Git LFS, and only so can an upload be followed
        if not host.get("HF_TOKEN"):
            raise _unavailable("a hub needs a token: set HF_TOKEN in the worker's environment")


def _check(to: str, settings: Settings) -> None:
    allowed = covering(to, settings.push_destinations, owner=None)
    if allowed is None:
        raise _unavailable(f"this worker's AXO_PUSH_DESTINATIONS does not allow {to}")
    if scheme_of(to) == "file":
        _check_folder(to, allowed, (settings.storage_root, settings.worker_home))


def _check_folder(to: str, allowed: str, own: Sequence[Path]) -> None:
    """Refuse a folder that touches the service's own, or that a link leads to from below the allowed one."""
    names = parts_of(to)[1:]
    fixed = parts_of(allowed)[1:]
    fixed = fixed[: fixed.index(OWNER)] if OWNER in fixed else fixed
    place = Path("/", *names).resolve()
    if place != Path("/", *fixed).resolve().joinpath(*names[len(fixed) :]):
        raise _unavailable(f"{to} is a link, or lies behind one")
    for folder in (path.resolve() for path in own):
        if place.is_relative_to(folder) or folder.is_relative_to(place):
            raise _unavailable(f"{to} is where the service keeps its own files")


def _unavailable(sentence: str) -> RunFailed:
    reason = EndReason.DESTINATION_UNAVAILABLE
    return RunFailed(reason, sentence_with(reason, sentence))
