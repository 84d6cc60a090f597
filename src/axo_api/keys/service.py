"""What can be asked of keys. Each function is one transaction; none of them ever sees a key itself but by its hash."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, exists, insert, or_, select, update

from axo_api.clock import now
from axo_api.errors import Invalid, NotFound
from axo_api.keys.secret import hash_of
from axo_api.owners import owned
from axo_api.tables import api_keys
from axo_contracts.ids import KEY, new_id
from axo_contracts.keys import KeySpec, Scope

DEFAULT_PROJECT = "default"
USE_NOTED_EVERY = timedelta(minutes=1)


def new_row(spec: KeySpec, secret: str) -> dict[str, Any]:
    """Return the row of a key that was asked for. Raises `Invalid` when it could never be used."""
    at = now()
    if spec.expires_at is not None and spec.expires_at <= at:
        raise Invalid("expires_at: it has passed; leave it out for a key that does not expire.", param="expires_at")
    if set(spec.scopes) == {Scope.UNSAFE_CODE}:
        raise Invalid("scopes: unsafe_code permits nothing by itself; give train beside it.", param="scopes")
    return {
        "id": new_id(KEY),
        "hash": hash_of(secret),
        "owner": spec.owner,
        "name": spec.name,
        "scopes": sorted(set(spec.scopes)),
        "organization": spec.organization or spec.owner,
        "project": spec.project or DEFAULT_PROJECT,
        "created_at": at,
        "expires_at": spec.expires_at,
        "last_used_at": None,
        "revoked_at": None,
    }


def add(connection: Connection, row: dict[str, Any]) -> None:
    """Make a key known. Raises `Invalid` when it is the first and not an admin's: with it, nobody could make more."""
    if Scope.ADMIN not in row["scopes"] and not any_exist(connection):
        raise Invalid(
            "scopes: the first key needs the scope admin; from then on every request needs a key, and only an "
            "admin's makes more.",
            param="scopes",
        )
    connection.execute(insert(api_keys).values(row))


def find(connection: Connection, *, owner: str | None, after: str | None, limit: int) -> Sequence[RowMapping]:
    """Return up to `limit` + 1 keys of an owner (None: of all), newest first, older than the key `after`."""
    query = select(api_keys).where(owned(api_keys, owner)).order_by(api_keys.c.id.desc()).limit(limit + 1)
    if after is not None:
        query = query.where(api_keys.c.id < after)
    return connection.execute(query).mappings().all()


def revoke(connection: Connection, key_id: str) -> RowMapping:
    """Accept a key no longer, and return its row; revoking twice is once. Raises `NotFound`."""
    this = api_keys.c.id == key_id
    connection.execute(update(api_keys).where(this, api_keys.c.revoked_at.is_(None)).values(revoked_at=now()))
    row = connection.execute(select(api_keys).where(this)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"There is no key {key_id!r}; GET /v1/keys lists them.", param="key_id")
    return row


def by_hash(connection: Connection, key_hash: str) -> RowMapping | None:
    """Return the key with a hash, whether it is still accepted or not."""
    return connection.execute(select(api_keys).where(api_keys.c.hash == key_hash)).mappings().one_or_none()


def any_exist(connection: Connection) -> bool:
    """Return whether a key was ever made, which stays true: a key that is revoked must not open the service again."""
    return bool(connection.execute(select(exists().select_from(api_keys))).scalar_one())


def is_use_due(last_used_at: datetime | None, at: datetime) -> bool:
    """Return whether a key's use at `at` is worth a write."""
    return last_used_at is None or at - last_used_at > USE_NOTED_EVERY


def note_use(connection: Connection, key_id: str, at: datetime) -> None:
    """Record that a key was used, to the minute."""
    before = or_(api_keys.c.last_used_at.is_(None), api_keys.c.last_used_at < at - USE_NOTED_EVERY)
    connection.execute(update(api_keys).where(api_keys.c.id == key_id, before).values(last_used_at=at))
