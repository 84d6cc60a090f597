"""The connections that requests wait with in Redis."""

import pytest

from axo_api import connections
from axo_api.errors import Unavailable


async def test_more_than_may_wait_are_told_to_come_again_and_there_is_room_behind_those_that_leave(
    redis_url: str,
) -> None:
    waiting = connections.for_waiting(redis_url, places=1)

    with waiting.place() as redis:
        with pytest.raises(Unavailable, match="as may") as refused, waiting.place():
            pass
        assert int(refused.value.headers["Retry-After"]) > 0
        assert await redis.blpop(["nothing"], timeout=0.01) is None
    with waiting.place() as redis:
        assert await redis.ping()

    await waiting.aclose()
