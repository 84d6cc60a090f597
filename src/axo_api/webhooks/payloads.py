"""What is sent: OpenAI's envelope around every event."""

from datetime import datetime
from typing import Any

import msgspec

from axo_api.webhooks.types import OPENAI, EventType
from axo_contracts.events import JobEvent

_OF_OPENAI = frozenset(OPENAI.values())


def payload(type_: EventType, event: JobEvent) -> str:
    """Return the body that tells of `event`: of OpenAI's types `data` is the job's id, of axo's the whole event."""
    return _enveloped(event.id, type_, event.time, {"id": event.job} if type_ in _OF_OPENAI else event)


def sample(event_id: str, type_: EventType, time: datetime) -> str:
    """Return a body of the same shape that tells of no job that there is."""
    return _enveloped(event_id, type_, time, {"id": "ftjob-sample"})


def _enveloped(event_id: str, type_: EventType, time: datetime, data: Any) -> str:
    body = {"id": event_id, "object": "event", "created_at": int(time.timestamp()), "type": type_, "data": data}
    return msgspec.json.encode(body).decode()
