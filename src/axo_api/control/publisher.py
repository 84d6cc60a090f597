"""Publishes what is recorded, in its order, over Redis: on the channel, and in the stream for who was away."""

from collections.abc import Sequence
from functools import partial

from sqlalchemy import Connection, RowMapping, and_, exists, update

from axo_api.control.notice_events import event_of_notice
from axo_api.control.notices import forget_notices, waiting_notices
from axo_api.dependencies import Parts
from axo_api.jobs.public_event import MOVES, event_of_move
from axo_api.tables import job_events
from axo_contracts import redis_names
from axo_contracts.events import ID_FIELD, Event
from axo_contracts.frames import encode
from axo_contracts.lifecycle import JobStatus

EVENTS_A_ROUND = 500
_earlier = job_events.alias()
_HAS_EARLIER = exists().where(_earlier.c.job_id == job_events.c.job_id, _earlier.c.id < job_events.c.id)
IS_FIRST = and_(job_events.c.status == JobStatus.QUEUED, job_events.c.attempt == 0, ~_HAS_EARLIER.correlate(job_events))
# One script a round: two commands an event cost this process ten times the time, which submits then wait for. It makes
# the ids as XADD would, because each is in its event too. They grow even when the clock of Redis is set back.
_PUBLISH = """
local time = redis.call('TIME')
local now, number = time[1] * 1000 + math.floor(time[2] / 1000), 0
local newest = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
if newest then
  local at, before = string.match(newest[1], '(%d+)-(%d+)')
  if tonumber(at) >= now then now, number = tonumber(at), tonumber(before) + 1 end
end
for i = 3, #ARGV do
  local id = string.format('%.0f-%.0f', now, number)
  local event = ARGV[2] .. id .. ARGV[i]
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[1], id, 'event', event)
  redis.call('PUBLISH', KEYS[1], event)
  number = number + 1
end
"""
_NO_ID = len(ID_FIELD)


async def publish_new(parts: Parts) -> None:
    """Publish all that is recorded and was not published. Raises `redis.RedisError`.

    What was published when this process died before it could note that is published again, under new ids.
    """
    while waiting := await parts.database.read(_waiting):
        moves, notices = waiting
        texts = [encode(event)[_NO_ID:] for event in _in_order(moves, notices)]
        keys = redis_names.EVENTS, redis_names.EVENTS_LOG
        await parts.redis.eval(_PUBLISH, 2, *keys, redis_names.EVENTS_LOG_LENGTH, ID_FIELD, *texts)
        await parts.database.write(
            partial(_mark_published, moves=[row["id"] for row in moves], notices=[row["id"] for row in notices])
        )


def _waiting(connection: Connection) -> tuple[Sequence[RowMapping], Sequence[RowMapping]] | None:
    """Return the next moves and notices. None: there are none."""
    moves = _moves(connection)
    up_to = moves[-1]["id"] if len(moves) == EVENTS_A_ROUND else None
    notices = waiting_notices(connection, limit=EVENTS_A_ROUND, up_to_event=up_to)
    return (moves, notices) if moves or notices else None


def _moves(connection: Connection) -> Sequence[RowMapping]:
    query = MOVES.where(job_events.c.published.is_(False), job_events.c.journaled | IS_FIRST).order_by(job_events.c.id)
    return connection.execute(query.limit(EVENTS_A_ROUND)).mappings().all()


def _in_order(moves: Sequence[RowMapping], notices: Sequence[RowMapping]) -> list[Event]:
    """Return the events, each notice behind the move that was the newest when it was made."""
    placed: list[tuple[tuple[int, int], Event]] = [((row["id"], 0), event_of_move(row)) for row in moves]
    placed += [((row["behind_event"], row["id"]), event_of_notice(row)) for row in notices]
    return [event for _, event in sorted(placed, key=lambda one: one[0])]


def _mark_published(connection: Connection, *, moves: Sequence[int], notices: Sequence[int]) -> None:
    connection.execute(update(job_events).where(job_events.c.id.in_(moves)).values(published=True))
    if notices:
        forget_notices(connection, notices)
