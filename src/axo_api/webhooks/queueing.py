"""What has to be delivered, queued in the transaction that changes a job's status: with it, or not at all."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, func, insert, select

from axo_api.clock import now
from axo_api.jobs.public_event import MOVES, event_of_move
from axo_api.tables import job_events, jobs, webhook_deliveries, webhook_endpoints
from axo_api.webhooks.payloads import payload
from axo_api.webhooks.status import DeliveryStatus
from axo_api.webhooks.types import EventType, types_of
from axo_contracts.ids import DELIVERY, new_id

# Built once: each submit and each move executes it, nearly always to find that nobody wants to be told.
_LISTENING = (
    select(jobs.c.id.label("job_id"), webhook_endpoints.c.id, webhook_endpoints.c.event_types)
    .join(webhook_endpoints, (webhook_endpoints.c.owner == jobs.c.owner) & webhook_endpoints.c.enabled)
    .where(jobs.c.id.in_(bindparam("job_ids", expanding=True)))
    .with_for_update(read=True, key_share=True, of=webhook_endpoints)  # none is deleted before this is committed
)
_NEWEST = MOVES.where(
    job_events.c.id.in_(
        select(func.max(job_events.c.id))
        .where(job_events.c.job_id.in_(bindparam("job_ids", expanding=True)))
        .group_by(job_events.c.job_id)
    )
)


def queue_deliveries(connection: Connection, job_ids: Sequence[str]) -> None:
    """Queue the newest event of each of these jobs for the endpoints of its owner that listen to its type."""
    listening = connection.execute(_LISTENING, {"job_ids": job_ids}).mappings().all()
    if not listening:
        return
    heard = list({row["job_id"] for row in listening})
    moves = {row["job_id"]: row for row in connection.execute(_NEWEST, {"job_ids": heard}).mappings()}
    rows = [
        row
        for endpoint in listening
        for row in _new_rows(endpoint["id"], endpoint["event_types"], moves[endpoint["job_id"]])
    ]
    if rows:
        connection.execute(insert(webhook_deliveries), rows)


def _new_rows(endpoint_id: str, wanted: Collection[str], move: RowMapping) -> Iterator[dict[str, Any]]:
    for type_ in types_of(event_of_move(move), is_training=move["kind"] == "train"):
        if type_ in wanted:
            yield _new_row(endpoint_id, type_, move)


def _new_row(endpoint_id: str, type_: EventType, move: RowMapping) -> dict[str, Any]:
    delivery_id, at = new_id(DELIVERY), now()
    return {
        "id": delivery_id,
        "endpoint_id": endpoint_id,
        "event_id": move["id"],
        "job_id": move["job_id"],
        "event_type": type_,
        "payload": payload(type_, event_of_move(move, delivery_id)),
        "status": DeliveryStatus.PENDING,
        "attempts": 0,
        "created_at": at,
        "queued_at": at,
        "next_attempt_at": at,
    }
