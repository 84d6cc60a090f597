"""Followers of a journal: all see the same bytes, whatever the others do."""

import asyncio
import random
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from tests.journals import speech

from axo_api.journals.hub import Hub
from axo_api.journals.journal import Journal
from axo_api.journals.reading import read
from axo_api.journals.sse import MARK_BYTES, encode
from axo_contracts import storage_paths

JOB = "ftjob-00000000000000000000000000"
REPOSITORY = Path(__file__).parents[2]

OTHER_PROCESS = """
import sys
from pathlib import Path
from axo_api.journals.journal import Journal
from tests.journals import speech

journal = Journal.open(Path(sys.argv[1]))
sys.stdin.readline()
journal.append(speech.log(1))
sys.stdin.readline()
journal.append(speech.end())
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / storage_paths.journal(JOB)


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    hub = Hub(tmp_path)
    yield hub
    hub.close()


async def test_fifty_followers_of_a_busy_writer_receive_the_same_bytes(hub: Hub, path: Path) -> None:
    loop = asyncio.get_running_loop()
    writer = threading.Thread(target=_write, args=(path, lambda: loop.call_soon_threadsafe(hub.wake, JOB)))

    async def joins_late_and_dawdles(seed: int) -> bytes:
        choose = random.Random(seed)
        await asyncio.sleep(choose.random() / 3)
        received = []
        async for chunk in hub.follow(JOB, 0):
            received.append(chunk)
            if choose.random() < 0.1:
                await asyncio.sleep(choose.random() / 50)
        return b"".join(received)

    writer.start()
    received = await asyncio.gather(*(joins_late_and_dawdles(seed) for seed in range(50)))
    writer.join()

    expected = _as_events(path)
    assert len(expected) > 5_000_000
    assert all(one == expected for one in received)


async def test_followers_at_the_same_place_are_handed_the_very_same_bytes(hub: Hub, path: Path) -> None:
    _journal(path, speech.logs(1, 10_000) + speech.end())

    one, other = await asyncio.gather(_chunks(hub), _chunks(hub))

    assert len(one) > 10
    assert all(a is b for a, b in zip(one, other, strict=True))


async def test_a_follower_that_stops_reading_costs_the_others_nothing(hub: Hub, path: Path) -> None:
    journal = _journal(path, speech.log(1))
    stuck = hub.follow(JOB, 0)
    await anext(stuck)
    others = [asyncio.create_task(_follow(hub)) for _ in range(3)]

    tracemalloc.start()
    text = "x" * 1000
    for first in range(2, 50_000, 100):
        journal.append(speech.logs(first, first + 99, text))
        hub.wake(JOB)
        await asyncio.sleep(0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    journal.append(speech.end())
    hub.wake(JOB)

    assert path.stat().st_size > 50_000_000
    assert peak < 40_000_000
    expected = _as_events(path)
    assert await asyncio.gather(*others) == [expected] * 3
    caught_up = b"".join([chunk async for chunk in stuck])
    assert expected.endswith(caught_up)
    assert len(caught_up) == len(expected) - len(encode(speech.log(1), 0, None).data)


async def test_a_filter_lets_only_its_types_through_and_keeps_the_ids(hub: Hub, path: Path) -> None:
    lines = [speech.status(1), speech.log(1), speech.metric(2, 1), speech.log(3), speech.metric(4, 2), speech.end()]
    journal = _journal(path, b"".join(lines))
    journal.close()
    at = [len(b"".join(lines[: index + 1])) for index in range(len(lines))]

    received = await _follow(hub, events=frozenset({"metric", "end"}))

    assert received == b"".join(
        b"id: %d\nevent: %b\ndata: %b\n\n" % (at[index], name, lines[index].rstrip())
        for index, name in [(2, b"metric"), (4, b"metric"), (5, b"end")]
    )


async def test_a_filtered_follower_is_told_how_far_it_is(hub: Hub, path: Path) -> None:
    journal = _journal(path, speech.metric(1, 1) + speech.logs(2, 4_000, "x" * 1000) + speech.end())
    journal.close()
    only_metrics = frozenset({"metric"})

    received = await _follow(hub, events=only_metrics)
    ids = [int(line[4:]) for line in received.splitlines() if line.startswith(b"id: ")]
    resumed = [await _follow(hub, start, only_metrics) for start in ids[:-1]]

    assert max(later - earlier for earlier, later in zip([0, *ids], ids, strict=False)) < MARK_BYTES + 2_000
    assert received.count(b"data:") == 1
    assert ids[-1] == path.stat().st_size
    assert all(received.endswith(rest) for rest in resumed)


async def test_a_follower_may_start_before_the_journal_exists(hub: Hub, path: Path) -> None:
    follower = asyncio.create_task(_follow(hub))
    await asyncio.sleep(0)

    journal = _journal(path, speech.log(1) + speech.end())
    hub.wake(JOB)

    assert await follower == _as_events(path)
    journal.close()


async def test_lines_of_another_process_arrive_without_a_wake(hub: Hub, path: Path) -> None:
    path.parent.mkdir(parents=True)
    writer = subprocess.Popen(
        [sys.executable, "-c", OTHER_PROCESS, str(path)], stdin=subprocess.PIPE, cwd=REPOSITORY, bufsize=0
    )
    assert writer.stdin is not None
    follower = hub.follow(JOB, 0)

    writer.stdin.write(b"\n")
    first = await anext(follower)
    writer.stdin.write(b"\n")
    last = await anext(follower)
    writer.stdin.close()
    writer.wait()

    assert first + last == _as_events(path)


async def test_nothing_is_shown_of_a_line_that_is_still_being_written(hub: Hub, path: Path) -> None:
    path.parent.mkdir(parents=True)
    line = speech.log(1)
    with path.open("wb", buffering=0) as file:
        file.write(line[:20])
        follower = asyncio.create_task(anext(hub.follow(JOB, 0)))
        hub.wake(JOB)
        await asyncio.wait([follower], timeout=0.05)
        assert not follower.done()

        file.write(line[20:])
        hub.wake(JOB)

        assert await follower == _as_events(path)


async def test_the_stream_ends_behind_the_end(hub: Hub, path: Path) -> None:
    _journal(path, speech.log(1) + speech.end() + speech.log(2)).close()

    received = await _follow(hub)

    assert received == encode(speech.log(1) + speech.end(), 0, None).data


async def test_a_follower_that_leaves_does_not_take_the_others_along(hub: Hub, path: Path) -> None:
    journal = _journal(path, speech.logs(1, 50_000))
    leaving = [asyncio.create_task(_follow(hub)) for _ in range(5)]
    staying = [asyncio.create_task(_follow(hub)) for _ in range(5)]

    for task in leaving:
        await asyncio.sleep(0)
        task.cancel()
    journal.append(speech.end())
    hub.wake(JOB)

    expected = _as_events(path)
    assert await asyncio.gather(*staying) == [expected] * 5
    journal.close()


async def test_what_earlier_followers_found_at_the_end_holds_up_nobody_later(hub: Hub, tmp_path: Path) -> None:
    for job in (f"ftjob-{number:026}" for number in range(10)):  # chance decides when the hub looks at a journal's size
        path = tmp_path / storage_paths.journal(job)
        journal = _journal(path, speech.log(1))
        first = hub.follow(job, 0)
        await anext(first)
        for number in range(2, 10):
            journal.append(speech.log(number))
            hub.wake(job)
            await anext(first)
        await first.aclose()
        journal.append(speech.end())
        journal.close()

        async with asyncio.timeout(10):
            chunks = [chunk async for chunk in hub.follow(job, 0)]

        assert b"".join(chunks) == _as_events(path)


async def test_a_deleted_journal_ends_its_streams(hub: Hub, path: Path) -> None:
    _journal(path, speech.log(1)).close()
    follower = hub.follow(JOB, 0)
    first = await anext(follower)

    path.unlink()

    assert first + b"".join([chunk async for chunk in follower]) == encode(speech.log(1), 0, None).data


@pytest.mark.alone
async def test_closing_the_hub_ends_every_stream_at_once(hub: Hub, path: Path) -> None:
    _journal(path, speech.log(1)).close()
    followers = [asyncio.create_task(_follow(hub)) for _ in range(100)]
    await asyncio.wait(followers, timeout=0.05)

    started = time.monotonic()
    hub.close()
    await asyncio.gather(*followers)

    assert time.monotonic() - started < 0.5


def _write(path: Path, wake: Callable[[], object]) -> None:
    """Append 60,000 lines in batches of every size, then the end; some of the lines are long."""
    journal = Journal.open(path)
    choose = random.Random(7)
    seq = 0
    while seq < 60_000:
        count = choose.choice([1, 1, 2, 50, 400, 3_000])
        text = "x" * choose.choice([0, 10, 100, 100]) if choose.random() < 0.99 else "x" * 60_000
        journal.append(speech.logs(seq + 1, seq + count, text) if len(text) < 1000 else speech.log(seq + 1, text))
        seq += count
        wake()
    journal.append(speech.end())
    wake()
    journal.close()


def _journal(path: Path, lines: bytes) -> Journal:
    journal = Journal.open(path)
    journal.append(lines)
    return journal


def _as_events(path: Path) -> bytes:
    return encode(read(path, 0, path.stat().st_size), 0, None).data


async def _chunks(hub: Hub) -> list[bytes]:
    return [chunk async for chunk in hub.follow(JOB, 0)]


async def _follow(hub: Hub, start: int = 0, events: frozenset[str] | None = None) -> bytes:
    return b"".join([chunk async for chunk in hub.follow(JOB, start, events)])
