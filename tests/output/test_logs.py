"""A job's log as plain text."""

from tests.journals import speech
from tests.output.job_under_test import JobUnderTest

from axo_contracts.frames import Log


def test_the_log_is_what_the_trainer_printed_with_the_workers_lines_marked(job: JobUnderTest) -> None:
    assert job.get("logs").text == ""
    job.says(
        speech.status(1)
        + speech.line(Log(attempt=1, seq=1, time=speech.MOMENT, text="preparing", source="worker"))
        + speech.line(Log(attempt=1, seq=2, time=speech.MOMENT, text="Grüße, 世界", source="stderr"))
        + speech.metric(3, 1)
        + speech.line(Log(attempt=1, seq=4, time=speech.MOMENT, text="long", truncated=True))
    )

    answer = job.get("logs")

    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text == "[worker] preparing\nGrüße, 世界\nlong … (cut)\n"


def test_tail_gives_the_newest_lines_only(job: JobUnderTest) -> None:
    job.says(speech.logs(1, 20) + speech.metric(21, 1) + speech.log(22))

    assert job.get("logs", params={"tail": 3}).text == "line 19\nline 20\nline 22\n"
    assert job.get("logs", params={"tail": 0}).text == ""
    assert len(job.get("logs", params={"tail": 500}).text.splitlines()) == 21
    assert job.get("logs", params={"tail": -1}).status_code == 422


def test_a_large_log_is_streamed_in_little_memory(job: JobUnderTest) -> None:
    block = speech.logs(1, 10_000, "x" * 1000)
    for _ in range(10):
        job.says(block)
    before = job.api.memory_bytes()

    received = 0
    with job.api.http.stream("GET", f"{job.url}/logs") as answer:
        for piece in answer.iter_raw():
            received += len(piece)

    assert received == 10 * 10_000 * 1001
    assert job.api.memory_bytes() - before < 30_000_000
