"""What can be asked of webhook endpoints. Each function is one transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from axo_api.clock import now
from axo_api.errors import Conflict, NotFound
from axo_api.owners import owned
from axo_api.tables import webhook_deliveries, webhook_endpoints
from axo_api.webhooks.schemas import EndpointChange, NewEndpoint
from axo_api.webhooks.signing import new_secret
from axo_api.webhooks.status import DeliveryStatus
from axo_contracts.ids import WEBHOOK, new_id

MOST_OF_ONE_OWNER = 20
OLD_SECRET_SIGNS = timedelta(hours=24)


def new_row(new: NewEndpoint, owner: str) -> dict[str, Any]:
    """Return the row of an endpoint that was asked for, with a new secret."""
    at = now()
    return {
        "id": new_id(WEBHOOK),
        "owner": owner,
        "name": new.name,
        "url": new.url,
        "event_types": sorted(set(new.event_types)),
        "secret": new_secret(),
        "enabled": True,
        "disabled_reason": None,
        "created_at": at,
        "updated_at": at,
    }


def add(connection: Connection, row: dict[str, Any]) -> None:
    """Make an endpoint known. Raises `Conflict` when its owner has as many as may be."""
    of_owner = select(webhook_endpoints.c.id).where(webhook_endpoints.c.owner == row["owner"]).limit(MOST_OF_ONE_OWNER)
    if len(connection.execute(of_owner).all()) >= MOST_OF_ONE_OWNER:
        raise Conflict(f"You have {MOST_OF_ONE_OWNER} webhook endpoints already, and no more may be; delete one first.")
    connection.execute(insert(webhook_endpoints).values(row))


def get(connection: Connection, endpoint_id: str, *, owner: str | None) -> RowMapping:
    """Return the row of an endpoint of an owner (None: of anybody). Raises `NotFound`."""
    query = select(webhook_endpoints).where(webhook_endpoints.c.id == endpoint_id, owned(webhook_endpoints, owner))
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFound(
            f"There is no webhook endpoint {endpoint_id!r}; GET /v1/webhook_endpoints lists yours.", param="endpoint_id"
        )
    return row


def find(connection: Connection, *, owner: str | None, after: str | None, limit: int) -> Sequence[RowMapping]:
    """Return up to `limit` + 1 endpoints of an owner (None: of all), newest first, older than `after`."""
    table = webhook_endpoints
    query = select(table).where(owned(table, owner)).order_by(table.c.id.desc()).limit(limit + 1)
    if after is not None:
        query = query.where(table.c.id < after)
    return connection.execute(query).mappings().all()


def change(connection: Connection, endpoint_id: str, *, asked: EndpointChange, owner: str | None) -> RowMapping:
    """Change what was given of an endpoint, and return its row. One that is disabled loses what waits for it.

    Raises `NotFound`.
    """
    row = get(connection, endpoint_id, owner=owner)
    given = asked.model_dump(mode="json", exclude_none=True)
    changes = {name: value for name, value in given.items() if name != "enabled" and row[name] != value}
    if asked.enabled and not row["enabled"]:
        changes |= {"enabled": True, "disabled_reason": None}
    if changes:
        _set(connection, endpoint_id, **changes, updated_at=now())
    if asked.enabled is False and row["enabled"]:
        disable(connection, endpoint_id, reason="Its owner disabled it.", at=now())
    return get(connection, endpoint_id, owner=owner)


def disable(connection: Connection, endpoint_id: str, *, reason: str, at: datetime) -> None:
    """Tell an endpoint nothing more, until it is enabled again: what waits for it has failed."""
    _set(connection, endpoint_id, enabled=False, disabled_reason=reason, updated_at=at)
    waiting = (
        webhook_deliveries.c.endpoint_id == endpoint_id,
        webhook_deliveries.c.status == DeliveryStatus.PENDING,
    )
    ended = {"status": DeliveryStatus.FAILED, "error": f"The endpoint was disabled: {reason}", "ended_at": at}
    connection.execute(update(webhook_deliveries).where(*waiting).values(ended))


def rotate(connection: Connection, endpoint_id: str, *, secret: str, keep_old: bool, owner: str | None) -> RowMapping:
    """Give an endpoint a new secret, and return its row. `keep_old`: the old one signs beside it for a day.

    Raises `NotFound`.
    """
    row, at = get(connection, endpoint_id, owner=owner), now()
    old = {"old_secret": row["secret"] if keep_old else None, "old_secret_until": at + OLD_SECRET_SIGNS}
    _set(connection, endpoint_id, secret=secret, **old, updated_at=at)
    return get(connection, endpoint_id, owner=owner)


def remove(connection: Connection, endpoint_id: str, *, owner: str | None) -> None:
    """Forget an endpoint and all that was to be delivered to it. Raises `NotFound`."""
    get(connection, endpoint_id, owner=owner)
    connection.execute(delete(webhook_endpoints).where(webhook_endpoints.c.id == endpoint_id))


def secrets_of(row: RowMapping, at: datetime) -> list[str]:
    """Return the secrets that sign what goes to an endpoint at a moment, the newest first."""
    keeps_old = row["old_secret"] is not None and at < row["old_secret_until"]
    return [row["secret"], row["old_secret"]] if keeps_old else [row["secret"]]


def _set(connection: Connection, endpoint_id: str, **changes: Any) -> None:
    connection.execute(update(webhook_endpoints).where(webhook_endpoints.c.id == endpoint_id).values(changes))
