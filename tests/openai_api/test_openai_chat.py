"""What a client is told when no worker writes an answer, and what is never asked of one."""

import threading
from collections.abc import Iterator
from typing import Any, Self

import openai
import pytest
from redis import Redis
from tests.api.control_plane import ControlPlane
from tests.api.standin_worker import StandInWorker

from axo_api.serving.requests import ChatRequest, CompletionRequest, Request
from axo_contracts import redis_names
from axo_contracts.completions import EVENT_FIELD, Event, Failed, FailureCode, Piece, ServingState, Working, encode

ASKED: Any = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "2 + 2?"}]}


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
    redis.set(redis_names.serving(worker.id), encode(ServingState()), px=500)

    with pytest.raises(openai.InternalServerError, match="is gone"):
        client.chat.completions.create(**ASKED)


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
