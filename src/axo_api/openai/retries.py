"""Creates that come again, without an idempotency key, as OpenAI's clients send them when an answer was lost.

Only the header `x-stainless-retry-count` differs; the body is the same.
"""

from datetime import timedelta
from hashlib import sha256

from sqlalchemy import Connection, delete, insert, select, update

from axo_api.clock import now
from axo_api.tables import openai_creates
from axo_contracts.ids import CREATE, new_id

WINDOW = timedelta(minutes=15)
"""How long a create may come again: clients wait ten minutes for an answer, then less than one between two tries."""


def key_of(connection: Connection, body: bytes, *, owner: str, retry_count: int) -> str:
    """Return the idempotency key of a create; a retry has that of the create that it tries again.

    Each create is taken up by one retry of each count, the newest first, so that of several creates alike each is found
    again. It is noted before the job is made: a create that is still at work when it is tried again is found, too, and
    then one of the two makes the job.
    """
    body_hash = sha256(body).hexdigest()
    connection.execute(delete(openai_creates).where(openai_creates.c.created_at < now() - WINDOW))
    if retry_count > 0 and (earlier := _taken_up(connection, owner, body_hash, retry_count)):
        return earlier
    create_id = new_id(CREATE)
    row = {"owner": owner, "body_hash": body_hash, "retry_count": retry_count, "created_at": now()}
    connection.execute(insert(openai_creates).values(id=create_id, **row))
    return create_id


def _taken_up(connection: Connection, owner: str, body_hash: str, retry_count: int) -> str | None:
    alike = openai_creates.c.owner == owner, openai_creates.c.body_hash == body_hash
    earlier = select(openai_creates.c.id).where(*alike, openai_creates.c.retry_count < retry_count)
    query = earlier.order_by(openai_creates.c.id.desc()).limit(1).with_for_update(skip_locked=True)
    create_id: str | None = connection.execute(query).scalar_one_or_none()
    if create_id is not None:
        taken = update(openai_creates).where(openai_creates.c.id == create_id)
        connection.execute(taken.values(retry_count=retry_count))
    return create_id
