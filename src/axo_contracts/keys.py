"""API keys: what they permit, and what is asked for when one is made."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from axo_contracts.strict import Line, Strict


class Scope(StrEnum):
    """What a key permits."""

    READ = "read"  # see one's own jobs and files
    TRAIN = "train"  # change them, too
    ADMIN = "admin"  # everything of every owner; keys and workers
    UNSAFE_CODE = "unsafe_code"  # name code of one's own for the trainer to run


IMPLIED: dict[Scope, frozenset[Scope]] = {
    Scope.ADMIN: frozenset({Scope.TRAIN, Scope.READ}),
    Scope.TRAIN: frozenset({Scope.READ}),
}
"""What a scope brings along. Nothing brings `unsafe_code`: who may run code on the GPU hosts was given just that."""

OwnerName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
"""Whose jobs and files they are: small letters, digits, dot, underscore, hyphen, so that it fits in a model's name."""

HeaderName = Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,64}$")]
"""A name that clients send in a header: printable ASCII without spaces."""

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


class KeySpec(Strict):
    """A key that is asked for."""

    owner: OwnerName
    """Whose jobs and files the key makes, and reaches."""
    name: Line | None = None
    """What it is for, in a few words."""
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1, max_length=len(Scope))] = (Scope.TRAIN,)
    """What it permits. train includes read, and admin includes train."""
    expires_at: AwareDatetime | None = None
    """When it stops to be accepted. null: never."""
    organization: HeaderName | None = None
    """What clients may send as OpenAI-Organization with this key. null: the owner."""
    project: HeaderName | None = None
    """What clients may send as OpenAI-Project with this key. null: `default`."""


def with_implied(scopes: Iterable[Scope]) -> frozenset[Scope]:
    """Return `scopes` with all that they bring along."""
    given = frozenset(scopes)
    return given.union(*(IMPLIED.get(scope, frozenset()) for scope in given))


def expiry(text: str, at: datetime) -> datetime:
    """Return the time that a person means: `12h`, `90d` or `4w` after `at`, or a date or time, by default in UTC.

    Raises `ValueError`.
    """
    if found := re.fullmatch(r"(\d{1,4})([hdw])", text):
        return at + int(found[1]) * _UNITS[found[2]]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no time; write 12h, 90d, 4w, or a date such as 2027-01-31.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
