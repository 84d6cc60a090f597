"""What a client is told when no worker writes an answer, and what is never asked of one."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from typing import Any, Self

import openai
import pytest
from redis import Redis
from tests.api.control_plane import ControlPlane
from tests.api.standin_worker import StandInWorker
from tests.waiting import wait_for

from axo_api.serving.requests import ChatRequest, CompletionRequest, Request
from axo_contracts import redis_names
from axo_contracts.completions import (
    EVENT_FIELD,
    Done,
    Event,
    Failed,
    FailureCode,
    Piece,
    ServingState,
    Working,
    encode,
)
from axo_worker.serving.reply import Reply

ASKED: Any = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "2 + 2?"}]}
MANY = 120  # more than redis-py has connections in a pool


class Answering(threading.Thread):
    """A worker's desk that tells these events of the next completion, word by word."""

    def __init__(self, redis: Redis, worker_id: str, events: list[Event]) -> None:
        super().__init__()
        self._redis = redis
        self._worker_id = worker_id
        self._events = events

    def run(self) -> None:
        popped: Any = self._redis.brpop([redis_names.completions(self._worker_id)], timeout=10)
        stream = redis_names.completion_events(popped[1].decode())
        for number, event in enumerate(self._events, start=1):
            self._redis.xadd(stream, {EVENT_FIELD: encode(event)}, id=f"{number}-0")
        self._redis.expire(stream, redis_names.WRITTEN_SECONDS)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.join()


@pytest.fixture
def redis(service: ControlPlane, worker: StandInWorker) -> Iterator[Redis]:
    """The Redis that the service shares with a worker that is online and serves nothing."""
    with Redis.from_url(service.redis_server.url) as redis:
        yield redis
        redis.delete(redis_names.serving(worker.id), redis_names.completions(worker.id))


def test_without_a_worker_that_serves_a_client_is_told_to_come_again(
    client: openai.OpenAI, worker: StandInWorker
) -> None:
    for stream in (False, True):
        with pytest.raises(openai.InternalServerError, match="No worker serves") as refused:
            client.chat.completions.create(**ASKED, stream=stream)

        assert (refused.value.status_code, refused.value.code) == (503, "no_worker")
        assert int(refused.value.response.headers["Retry-After"]) > 0


@pytest.mark.parametrize(("path", "wanted"), [("chat/completions", ChatRequest), ("completions", CompletionRequest)])
def test_what_is_null_is_as_if_it_were_left_out(
    service: ControlPlane, worker: StandInWorker, path: str, wanted: type[Request]
) -> None:
    given = {"model": "gpt-4o-mini"} | ({"prompt": "2 +"} if path == "completions" else {"messages": ASKED["messages"]})
    nulls = {name: None for name, field in wanted.model_fields.items() if not field.is_required()}

    answer = service.http.post(f"/v1/{path}", json=nulls | given)

    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "no_worker"), answer.text


def test_a_worker_that_goes_before_it_begins_is_not_waited_for(
    client: openai.OpenAI, worker: StandInWorker, redis: Redis
) -> None:
    redis.set(redis_names.serving(worker.id), encode(ServingState()))
    with ThreadPoolExecutor(1) as asking:
        answer = asking.submit(lambda: client.chat.completions.create(**ASKED))
        wait_for(lambda: redis.llen(redis_names.completions(worker.id)), "it to be asked")

        redis.delete(redis_names.serving(worker.id))

        with pytest.raises(openai.InternalServerError, match="is gone"):
            answer.result()


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("context_length_exceeded", 400),
        ("model_not_found", 404),
        ("model_not_loadable", 409),
        ("generation_failed", 500),
        ("unavailable", 503),
    ],
)
def test_a_failure_is_a_status_when_it_comes_at_once_and_an_event_when_it_comes_later(
    client: openai.OpenAI, worker: StandInWorker, redis: Redis, code: FailureCode, status: int
) -> None:
    failed = Failed(code=code, message="This is why.")
    redis.set(redis_names.serving(worker.id), encode(ServingState()))

    with (
        Answering(redis, worker.id, [Working(phase="loading model"), failed]),
        pytest.raises(openai.APIStatusError, match="This is why") as early,
    ):
        client.chat.completions.create(**ASKED, stream=True)
    with Answering(redis, worker.id, [Piece(index=0, text="4"), failed]):
        stream = client.chat.completions.create(**ASKED, stream=True)
        with pytest.raises(openai.APIError, match="This is why") as late:
            list(stream)

    assert (early.value.status_code, early.value.code) == (status, code)
    assert late.value.code == code


def test_what_was_read_of_an_answer_is_let_go_while_it_is_written(
    client: openai.OpenAI, worker: StandInWorker, redis: Redis
) -> None:
    redis.set(redis_names.serving(worker.id), encode(ServingState()))
    written = [encode(Piece(index=0, text=f"{number} ")) for number in range(100)]
    with ThreadPoolExecutor(1) as asking:
        answer = asking.submit(lambda: client.chat.completions.create(**ASKED).choices[0].message.content)
        popped: Any = redis.brpop([redis_names.completions(worker.id)], timeout=30)
        completion_id = popped[1].decode()
        stream = redis_names.completion_events(completion_id)
        reply, again = (Reply(redis, completion_id) for _ in range(2))

        reply.send(written)
        wait_for(lambda: redis.xlen(stream) == 1, "what was read to go")
        again.send(written)  # as redis-py does when it did not hear that it was taken
        assert (again.is_wanted, redis.xlen(stream)) == (True, 1)
        last = Piece(index=0, text="end", finish_reason="stop")
        reply.send([encode(last), encode(Done(prompt_tokens=1, completion_tokens=101))])

    assert answer.result() == "".join(f"{number} " for number in range(100)) + "end"
    assert not redis.exists(stream)


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("chat/completions", ASKED | {"logprobs": True, "top_logprobs": 20, "n": 128}),
        ("completions", {"model": "gpt-4o-mini", "prompt": ["2 +"] * 128, "logprobs": 5, "max_tokens": 2000}),
    ],
)
def test_more_log_probabilities_than_one_request_may_have_are_refused_with_the_mend(
    service: ControlPlane, path: str, asked: dict[str, Any]
) -> None:
    answer = service.http.post(f"/v1/{path}", json=asked)

    assert answer.status_code == 400, answer.text
    assert "lower max_tokens" in answer.json()["error"]["message"]


def test_many_that_wait_for_their_answers_hold_up_nothing_else(
    service: ControlPlane, worker: StandInWorker, redis: Redis
) -> None:
    redis.set(redis_names.serving(worker.id), encode(ServingState()))
    with ExitStack() as open_requests:
        for _ in range(MANY):
            open_requests.enter_context(closing(_asked(service)))
        wait_for(lambda: redis.llen(redis_names.completions(worker.id)) == MANY, "all to wait", 60)

        assert service.get("/readyz")["status"] == "ready"
        job_id = service.submit()
        run = worker.run_next()
        assert run.order.job_id == job_id
        run.finishes()

    wait_for(lambda: not redis.keys("axo:completion:*"), "nothing to be left of those that went away", 60)


def _asked(service: ControlPlane) -> HTTPConnection:
    """Send a request, and read no answer."""
    connection = HTTPConnection("127.0.0.1", service.port)
    headers = {"Content-Type": "application/json"}
    connection.request("POST", "/v1/chat/completions", json.dumps(ASKED), headers)
    return connection
