"""Housekeeping as operators see it."""

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

from axo_api.housekeeping.choosing import Doomed
from axo_api.housekeeping.items import Kind
from axo_api.settings import SweepSettings

MOST_SHOWN = 1000


class _View(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class SweptItem(_View):
    """A thing that goes."""

    kind: Kind
    id: str
    """A file's, a checkpoint's or (of a log) a job's id; of scratch, its path below the storage."""
    owner: str
    job_id: str | None
    bytes: int
    since: datetime
    """From when its age counts: when a file was uploaded, when the job of anything else ended."""
    why: str

    @classmethod
    def of(cls, one: Doomed) -> Self:
        """Return how a thing that is to go is shown."""
        told = {name: getattr(one.item, name) for name in ("kind", "id", "owner", "job_id", "bytes", "since")}
        return cls(**told, why=one.why)


class Housekeeping(_View):
    """What goes, or would go, by the rules."""

    object: Literal["housekeeping"] = "housekeeping"
    dry_run: bool
    """Whether everything is still there."""
    rules: SweepSettings
    """What the operator has set (`AXO_SWEEP__…`); what is null is kept."""
    count: int
    bytes: int
    data: list[SweptItem]
    """The first thousand of them."""
    failed: dict[str, str]
    """What could not go, by its id, with the reason."""

    @classmethod
    def of(cls, gone: list[Doomed], rules: SweepSettings, *, dry_run: bool, failed: dict[str, str]) -> Self:
        """Return how a sweep is shown."""
        size = sum(one.item.bytes for one in gone)
        shown = [SweptItem.of(one) for one in gone[:MOST_SHOWN]]
        return cls(dry_run=dry_run, rules=rules, count=len(gone), bytes=size, data=shown, failed=failed)


class Usage(_View):
    """How much of the storage an owner takes, in bytes."""

    object: Literal["usage"] = "usage"
    owner: str
    files_bytes: int
    checkpoints_bytes: int
    results_bytes: int
    used_bytes: int
    limit_bytes: int | None
    """Above it, uploads and submits are refused. null: there is no limit."""


class DependentView(_View):
    """Something that needs a thing."""

    type: Literal["job", "alias"]
    id: str
    """A job's id, or an alias."""
    why: str
    must_end: bool
    """Whether it keeps the thing from being deleted, also by force, until it has ended."""


class DependentList(_View):
    """What depends on a thing."""

    object: Literal["list"] = "list"
    data: list[DependentView]
