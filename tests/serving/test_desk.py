"""The desk and its processes, with a stand-in for the program that loads models."""

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from redis import Redis
from tests.waiting import wait_for

from axo_contracts import redis_names
from axo_contracts.completions import (
    EVENT_FIELD,
    FIRST_ENTRY,
    Completion,
    Done,
    Event,
    Failed,
    Piece,
    ServingState,
    Working,
    decode_event,
    encode,
)
from axo_contracts.ids import new_id
from axo_worker.redis_connection import connect
from axo_worker.serving.desk import Desk
from axo_worker.settings import Settings

STAND_IN = Path(__file__).with_name("answers_with_its_pid.py")
WORKER = "serves"


class Asker:
    """Asks the worker at the desk as the control plane does."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def pid(self) -> int:
        """Return which process answers."""
        (text,) = (event.text for event in self.ask("Who is it?") if isinstance(event, Piece))
        return int(text)

    def ask(self, prompt: str) -> list[Event]:
        """Return all that is said to a prompt, up to the last."""
        completion_id = new_id("completion")
        completion = Completion(name="tiny", base="org/tiny", prompts=(prompt,))
        entry: Any = {EVENT_FIELD: encode(Working(phase="waiting"))}
        self._redis.set(redis_names.completion(completion_id), encode(completion))
        self._redis.xadd(redis_names.completion_events(completion_id), entry, id=FIRST_ENTRY)
        self._redis.lpush(redis_names.completions(WORKER), completion_id)
        return wait_for(lambda: self._whole(completion_id), "its last event", 60)

    def held(self) -> Any:
        """Return what the worker says that it has in memory."""
        return self._redis.get(redis_names.serving(WORKER))

    def _whole(self, completion_id: str) -> list[Event] | None:
        entries: Any = self._redis.xrange(redis_names.completion_events(completion_id))
        events: list[Event] = [decode_event(fields[EVENT_FIELD]) for _, fields in entries]
        return events if isinstance(events[-1], Done | Failed) else None


@pytest.fixture
def asker(tmp_path: Path, redis_url: str) -> Iterator[Asker]:
    """Who asks a desk that works."""
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{STAND_IN}"\n')
    python.chmod(0o755)
    settings = Settings(worker_id=WORKER, worker_home=tmp_path / "home", trainer_python=python)
    leaving = threading.Event()
    with connect(redis_url) as redis:
        desk = threading.Thread(target=Desk(settings, redis, leaving).work, name="desk")
        desk.start()
        yield Asker(redis)
        leaving.set()
        desk.join()


def test_a_process_that_was_killed_while_nobody_asked_costs_nobody_an_answer(asker: Asker) -> None:
    first = asker.pid()
    _kill(first)
    second = asker.pid()
    _kill(second)

    wait_for(lambda: asker.held() == encode(ServingState()), "the worker to claim no model")
    assert len({first, second, asker.pid()}) == 3


def test_a_process_whose_model_failed_in_an_answer_is_asked_for_no_other(asker: Asker) -> None:
    first = asker.pid()
    refused = asker.ask("invalid_prompt")[-1]
    still_first = asker.pid()
    failed = asker.ask("generation_failed")[-1]
    second = asker.pid()

    assert [event.code for event in (refused, failed) if isinstance(event, Failed)] == [
        "invalid_prompt",
        "generation_failed",
    ]
    assert still_first == first
    assert second != first


def _kill(pid: int) -> None:
    process = psutil.Process(pid)
    process.kill()
    wait_for(lambda: _is_dead(process), "it to be dead")


def _is_dead(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True
