"""Deliveries in the database: which are due, and what follows from an attempt. Each function is one transaction."""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    RowMapping,
    delete,
    exists,
    func,
    literal,
    select,
    tuple_,
    update,
)

from axo_api.clock import now
from axo_api.errors import Conflict, NotFound
from axo_api.settings import WebhookSettings
from axo_api.tables import webhook_deliveries, webhook_endpoints
from axo_api.webhooks import service
from axo_api.webhooks.sending import Answer
from axo_api.webhooks.status import DeliveryStatus

GONE = 410
MOST_DOUBLINGS = 60  # of a wait, which has reached its limit long before
_this = webhook_deliveries


def find(
    connection: Connection, endpoint_id: str, *, status: DeliveryStatus | None, after: str | None, limit: int
) -> Sequence[RowMapping]:
    """Return up to `limit` + 1 deliveries to an endpoint, newest first, older than the delivery `after`."""
    query = select(_this).where(_this.c.endpoint_id == endpoint_id).order_by(_this.c.id.desc()).limit(limit + 1)
    if after is not None:
        query = query.where(_this.c.id < after)
    if status is not None:
        query = query.where(_this.c.status == status)
    return connection.execute(query).mappings().all()


def redeliver(connection: Connection, endpoint_id: str, delivery_id: str, *, owner: str | None) -> RowMapping:
    """Have a delivery tried again, at once and then for as long as a new one, and return its row.

    Raises `NotFound`, and `Conflict` when its endpoint is disabled.
    """
    endpoint = service.get(connection, endpoint_id, owner=owner)
    query = select(_this).where(_this.c.id == delivery_id, _this.c.endpoint_id == endpoint_id)
    if connection.execute(query).one_or_none() is None:
        raise NotFound(
            f"There is no delivery {delivery_id!r} to this endpoint; "
            f"GET /v1/webhook_endpoints/{endpoint_id}/deliveries lists them.",
            param="delivery_id",
        )
    if not endpoint["enabled"]:
        raise Conflict(f"Webhook endpoint {endpoint_id} is disabled; enable it first.")
    at = now()
    again = {"status": DeliveryStatus.PENDING, "attempts": 0, "queued_at": at, "next_attempt_at": at, "ended_at": None}
    connection.execute(update(_this).where(_this.c.id == delivery_id).values(again))
    return connection.execute(query).mappings().one()


def endpoints_with_due(connection: Connection, *, at: datetime, busy: Collection[str], limit: int) -> Sequence[str]:
    """Return the endpoints that something is due for, whoever has waited longest first, but for the `busy` ones."""
    of_endpoint = _this.c.endpoint_id == webhook_endpoints.c.id
    oldest = select(func.min(_this.c.next_attempt_at)).where(of_endpoint, _is_pending()).scalar_subquery()
    query = (
        select(webhook_endpoints.c.id)
        .where(exists().where(of_endpoint, *_due(at)), webhook_endpoints.c.id.not_in(busy))
        .order_by(oldest)
        .limit(limit)
    )
    return connection.execute(query).scalars().all()


def due_for(connection: Connection, endpoint_id: str, *, at: datetime, limit: int) -> Sequence[RowMapping]:
    """Return what is due for an endpoint, at most one event of each job, with the endpoint's URL and secrets."""
    delivery = (_this.c[name] for name in ("id", "endpoint_id", "job_id", "payload", "attempts", "queued_at"))
    endpoint = (webhook_endpoints.c[name] for name in ("url", "secret", "old_secret", "old_secret_until"))
    query = (
        select(*delivery, *endpoint)
        .join(webhook_endpoints, webhook_endpoints.c.id == _this.c.endpoint_id)
        .where(*_due(at), _this.c.endpoint_id == endpoint_id)
        .order_by(_this.c.next_attempt_at)
        .limit(limit)
    )
    return connection.execute(query).mappings().all()


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt that was made, and when the next is due: None when there will be none."""

    delivery: RowMapping
    answer: Answer
    at: datetime
    next_at: datetime | None


def next_attempt(settings: WebhookSettings, delivery: RowMapping, answer: Answer, at: datetime) -> datetime | None:
    """Return when a delivery is tried again after an attempt that ended at `at`, or None.

    The last attempt is made when the time is up, however long a wait or a `Retry-After` would be.
    """
    deadline: datetime = delivery["queued_at"] + timedelta(hours=settings.give_up_hours)
    if answer.is_success or answer.status_code == GONE or at >= deadline:
        return None
    doubled = settings.first_retry_seconds * 2.0 ** min(delivery["attempts"], MOST_DOUBLINGS)
    wait = min(doubled, settings.longest_retry_seconds) * random.uniform(0.5, 1)  # noqa: S311 (no secret)
    wait = min(max(wait, answer.retry_after_seconds), (deadline - at).total_seconds())
    return at + timedelta(seconds=wait)


def record(connection: Connection, attempt: Attempt) -> None:
    """Record what came of an attempt, unless the delivery has ended meanwhile; a 410 disables its endpoint."""
    answer = attempt.answer
    changes: dict[str, Any] = {
        "attempts": _this.c.attempts + 1,
        "last_attempt_at": attempt.at,
        "next_attempt_at": attempt.next_at,
        "status_code": answer.status_code,
        "answer": answer.text,
        "error": answer.error,
    }
    if attempt.next_at is None:
        status = DeliveryStatus.DELIVERED if answer.is_success else DeliveryStatus.FAILED
        changes |= {"status": status, "ended_at": attempt.at}
    # A redelivery that was asked for while this attempt was on its way has another time of queueing, and goes on.
    asked = _this.c.id == attempt.delivery["id"], _this.c.queued_at == attempt.delivery["queued_at"]
    connection.execute(update(_this).where(*asked, _is_pending()).values(changes))
    if attempt.next_at is not None:
        _postpone(connection, attempt.delivery, attempt.next_at)
    if answer.status_code == GONE:
        reason = "It answered 410 Gone."
        service.disable(connection, attempt.delivery["endpoint_id"], reason=reason, at=attempt.at)


def purge(connection: Connection, *, before: datetime, limit: int) -> int:
    """Forget up to `limit` deliveries that ended before a time, and return how many."""
    old = select(_this.c.id).where(_this.c.ended_at < before).limit(limit)
    return connection.execute(delete(_this).where(_this.c.id.in_(old))).rowcount


def _postpone(connection: Connection, delivery: RowMapping, until: datetime) -> None:
    """Look no more at what waits behind a delivery that has failed, until that is tried again."""
    behind = _this.c.endpoint_id == delivery["endpoint_id"], _this.c.job_id == delivery["job_id"], _is_pending()
    connection.execute(update(_this).where(*behind, _this.c.next_attempt_at < until).values(next_attempt_at=until))


def _due(at: datetime) -> tuple[ColumnElement[bool], ...]:
    earlier = webhook_deliveries.alias("earlier")
    waits_for_another = exists().where(
        earlier.c.endpoint_id == _this.c.endpoint_id,
        earlier.c.job_id == _this.c.job_id,
        _is_pending(earlier),
        tuple_(earlier.c.event_id, earlier.c.id) < tuple_(_this.c.event_id, _this.c.id),
    )
    return _is_pending(), _this.c.next_attempt_at <= at, ~waits_for_another


def _is_pending(table: FromClause = _this) -> ColumnElement[bool]:
    """Return the condition as the indices have it: of a parameter, SQLite would not know that they serve."""
    return table.c.status == literal(str(DeliveryStatus.PENDING), literal_execute=True)
