"""Reading server-sent events: from bytes to events, and on again from the last one when a connection drops."""

import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass

from axo_cli.api import Api
from axo_cli.errors import Refused, Unreachable

SILENCE_SECONDS = 60.0  # the service pings more often than this, so a longer silence is a dead connection
FIRST_WAIT_SECONDS = 0.2
LONGEST_WAIT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `data` is one line of JSON; empty where only an id was told."""

    id: str
    name: str
    data: bytes


def follow(api: Api, path: str, *, on_drop: Callable[[], None]) -> Iterator[Event]:
    """Yield the events with data at `path` from the first to `end`, over as many connections as it takes.

    A service that is away is waited for without limit, and `on_drop` is called once for each time that the connection
    is lost; so ask it something else first, to know that it is there at all. What it refuses (4xx) is raised.
    """
    last_id: str | None = None
    wait = FIRST_WAIT_SECONDS
    while True:
        try:
            for event in _connection(api, path, last_id):
                last_id, wait = event.id or last_id, FIRST_WAIT_SECONDS
                if event.data:
                    yield event
                if event.name == "end":
                    return
        except Unreachable:
            pass
        except Refused as refusal:
            if refusal.status < 500:
                raise
        if wait == FIRST_WAIT_SECONDS:
            on_drop()
        time.sleep(wait)
        wait = min(wait * 2, LONGEST_WAIT_SECONDS)


def events(chunks: Iterable[bytes]) -> Generator[Event, None, None]:
    """Yield the whole events in a stream of bytes; half of one at its end is dropped.

    An id holds for what follows it, so one that comes without data is told too, as an event without data.
    """
    name, event_id, told_id = "message", "", ""
    data: list[bytes] = []
    for line in _lines(chunks):
        if not line:
            if data or event_id != told_id:
                yield Event(event_id, name, b"\n".join(data))
            name, data, told_id = "message", [], event_id
            continue
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        match field:
            case b"event":
                name = value.decode()
            case b"id":
                event_id = value.decode()
            case b"data":
                data.append(value)


def _connection(api: Api, path: str, last_id: str | None) -> Iterator[Event]:
    headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last_id} if last_id else {})
    with api.stream(path, headers, SILENCE_SECONDS) as chunks, closing(events(chunks)) as found:
        yield from found


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line.removesuffix(b"\r")
