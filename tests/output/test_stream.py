"""Following a job over HTTP: what a follower has read is a prefix of the record, whatever happens to it."""

import asyncio
import random
import socket
import threading

import httpx
import pytest
from tests.api_process import ApiProcess
from tests.journals import speech
from tests.output.job_under_test import JobUnderTest

from axo_api.journals.journal import Journal
from axo_api.journals.sse import encode

PING = b": ping\n\n"  # between events, after some seconds of silence

DROPS = 100


def test_a_job_that_has_ended_is_streamed_whole(job: JobUnderTest) -> None:
    lines = speech.status(1) + speech.logs(1, 500) + speech.end()
    job.says(lines)

    answer = job.get("stream")

    assert answer.status_code == 200
    assert answer.content == encode(lines, 0, None).data
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-accel-buffering"] == "no"


async def test_a_follower_that_drops_a_hundred_times_misses_and_repeats_nothing(
    job: JobUnderTest,
) -> None:
    steady = asyncio.create_task(_follow_to_the_end(job.url))
    dropped_often = threading.Event()
    writer = threading.Thread(target=_write_until, args=(job, dropped_often))
    writer.start()

    choose = random.Random(11)
    received = b""
    async with httpx.AsyncClient() as client:
        for _ in range(DROPS):
            received += await _receive_some(client, job.url, _last_id(received), choose.randrange(1, 200_000))
        dropped_often.set()
        received += await _receive_some(client, job.url, _last_id(received), None)
    writer.join()

    assert received == await steady
    assert received == encode(job.journal.read_bytes(), 0, None).data
    assert len(received) > 1_000_000


@pytest.mark.parametrize("resume", [{"headers": {"Last-Event-ID": "{id}"}}, {"params": {"after": "{id}"}}])
def test_a_follower_goes_on_behind_the_id_that_it_names(job: JobUnderTest, resume: dict[str, dict[str, str]]) -> None:
    seen, rest = speech.logs(1, 3), speech.logs(4, 9) + speech.end()
    job.says(seen + rest)
    filled = {part: {name: str(len(seen)) for name in values} for part, values in resume.items()}

    answer = job.get("stream", **filled)

    assert answer.content == encode(rest, len(seen), None).data


def test_a_follower_that_has_seen_the_end_is_told_not_to_come_back(job: JobUnderTest) -> None:
    job.says(speech.log(1) + speech.end())

    answer = job.get("stream", headers={"Last-Event-ID": str(job.journal.stat().st_size)})

    assert answer.status_code == 204


@pytest.mark.parametrize("bad", ["7", "99999", "-1", "abc", "٣", "1" * 40])
def test_an_id_that_the_stream_never_gave_is_refused(job: JobUnderTest, bad: str) -> None:
    job.says(speech.logs(1, 3))

    answer = job.get("stream", params={"after": bad})

    assert answer.status_code == 422
    assert answer.json()["error"]["param"] == "after"
    assert bad[:20] in answer.json()["error"]["message"]


def test_events_selects_what_is_sent_and_the_end_is_always_sent(job: JobUnderTest) -> None:
    job.says(speech.status(1) + speech.log(1) + speech.metric(2, 1) + speech.log(3) + speech.end())

    chosen = job.get("stream", params={"events": "metric,status"})
    of_log = job.get("logs/stream")

    assert _names(chosen.content) == ["status", "metric", "end"]
    assert _names(of_log.content) == ["log", "log", "end"]


def test_an_unknown_event_is_refused_with_those_there_are(job: JobUnderTest) -> None:
    answer = job.get("stream", params={"events": "log,metrics"})

    assert answer.status_code == 422
    assert "'metrics'" in answer.json()["error"]["message"]
    assert "metric," in answer.json()["error"]["message"]


@pytest.mark.parametrize("path", ["stream", "logs", "logs/stream", "metrics", "events", "config", "checkpoints"])
def test_an_unknown_job_has_no_output(api: ApiProcess, path: str) -> None:
    answer = api.http.get(f"/v1/jobs/ftjob-{'0' * 26}/{path}")

    assert answer.status_code == 404


@pytest.mark.alone
async def test_a_shutdown_ends_every_stream_cleanly_and_soon(own_api: ApiProcess) -> None:
    job = JobUnderTest(own_api)
    job.says(speech.logs(1, 100))
    said = encode(speech.logs(1, 100), 0, None).data
    received = [bytearray() for _ in range(50)]
    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=None), timeout=30) as client:
        followers = [asyncio.create_task(_follow(client, job.url, into)) for into in received]
        while any(len(one) < len(said) for one in received):
            await asyncio.sleep(0.02)

        seconds = await asyncio.to_thread(own_api.stop)
        await asyncio.gather(*followers)

    assert seconds < 3
    assert [bytes(one).replace(PING, b"") for one in received] == [said] * 50
    assert "ERROR" not in own_api.output.read_text()

    own_api.start()
    job.says(speech.end())
    assert _names(job.get("stream", headers={"Last-Event-ID": _last_id(said)}).content) == ["end"]


@pytest.mark.alone
def test_a_follower_that_never_reads_cannot_hold_up_a_shutdown(own_api: ApiProcess) -> None:
    job = JobUnderTest(own_api)
    job.says(b"".join(speech.logs(first, first + 999, "x" * 1000) for first in range(1, 20_000, 1000)))
    before = own_api.memory_bytes()

    with socket.create_connection(("127.0.0.1", own_api.port)) as stuck:
        stuck.sendall(f"GET /v1/jobs/{job.id}/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        stuck.recv(1000)
        grown = own_api.memory_bytes() - before
        seconds = own_api.stop()

    assert grown < 30_000_000
    assert seconds < 5


def _write_until(job: JobUnderTest, enough: threading.Event) -> None:
    """Go on appending in bursts until `enough` is set, then append the end."""
    journal = Journal.open(job.journal)
    seq = 0
    while not enough.wait(0.01) and seq < 200_000:
        journal.append(speech.logs(seq + 1, seq + 300))
        seq += 300
    enough.wait()
    journal.append(speech.end())
    journal.close()


async def _follow_to_the_end(url: str) -> bytes:
    received = bytearray()
    async with httpx.AsyncClient(timeout=30) as client:
        await _follow(client, url, received)
    return bytes(received).replace(PING, b"")


async def _follow(client: httpx.AsyncClient, url: str, into: bytearray) -> None:
    async with client.stream("GET", f"{url}/stream") as answer:
        answer.raise_for_status()
        async for piece in answer.aiter_raw():
            into += piece


async def _receive_some(client: httpx.AsyncClient, url: str, last_id: str, limit: int | None) -> bytes:
    """Follow until about `limit` bytes have come (None: until the stream ends), and return the whole events of them."""
    received = b""
    async with client.stream("GET", f"{url}/stream", headers={"Last-Event-ID": last_id}, timeout=30) as answer:
        answer.raise_for_status()
        async for piece in answer.aiter_raw():
            received += piece
            if limit is not None and len(received) >= limit:
                received = received[:limit]
                break
    return received[: received.rfind(b"\n\n") + 2].replace(PING, b"") if b"\n\n" in received else b""


def _last_id(events: bytes) -> str:
    if not events:
        return "0"
    *_, last, _ = events.rsplit(b"\n\n", 2)
    return last.split(b"\n")[0].removeprefix(b"id: ").decode()


def _names(events: bytes) -> list[str]:
    return [line.removeprefix("event: ") for line in events.decode().splitlines() if line.startswith("event: ")]
