"""A stream on which nothing happens: no proxy on the way may take it for dead."""

import asyncio
from pathlib import Path
from typing import Any

from sse_starlette import EventSourceResponse
from tests.journals import speech

from axo_api.journals.hub import Hub
from axo_api.journals.journal import Journal
from axo_api.journals.sse import encode
from axo_api.output.streaming import Following, stream
from axo_contracts import storage_paths

JOB = "ftjob-00000000000000000000000000"
PING = b": ping\n\n"
PROXIES_WAIT_SECONDS = 60  # what load balancers commonly leave a silent connection


async def test_a_job_that_says_nothing_is_followed_by_comments_that_are_in_no_events_way(tmp_path: Path) -> None:
    path = tmp_path / storage_paths.journal(JOB)
    journal, hub = Journal.open(path), Hub(tmp_path)
    journal.append(speech.logs(1, 3))
    response = await stream(hub, path, JOB, Following(events=None, last_event_id=None, after=None), _is_accepted)
    assert isinstance(response, EventSourceResponse)
    assert 0 < response.ping_interval < PROXIES_WAIT_SECONDS

    response.ping_interval = 0.01
    sent, has_pinged = bytearray(), asyncio.Event()

    async def send(message: Any) -> None:
        sent.extend(message.get("body", b""))
        if sent.endswith(PING * 3):
            has_pinged.set()

    async with asyncio.timeout(20), asyncio.TaskGroup() as follower:
        follower.create_task(response({"type": "http", "method": "GET"}, _nothing_more, send))
        await has_pinged.wait()
        journal.append(speech.log(4) + speech.end())
        hub.wake(JOB)

    assert bytes(sent).replace(PING, b"") == encode(path.read_bytes(), 0, None).data
    journal.close()
    hub.close()


async def _is_accepted() -> bool:
    return True


async def _nothing_more() -> Any:
    """Wait for what a follower says after its request, which is nothing."""
    await asyncio.Event().wait()
