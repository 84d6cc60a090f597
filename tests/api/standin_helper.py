"""A worker's helper as the control plane knows it: it answers questions over Redis with what a test has put there."""

import threading
from typing import Any

import msgspec
from tests.api.standin_worker import StandInWorker

from axo_contracts import redis_names
from axo_contracts.questions import Answer, Question, decode_question, encode


class StandInHelper:
    """Answers every question that the worker is asked with `answer`, and keeps the questions."""

    def __init__(self, worker: StandInWorker, answer: Answer) -> None:
        self._worker = worker
        self.answer = answer
        self.questions: list[Question] = []
        self._is_closed = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        worker.state = msgspec.structs.replace(worker.state, has_helper=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._is_closed.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._is_closed.is_set():
            popped: Any = self._worker.redis.brpop([redis_names.questions(self._worker.id)], timeout=0.2)
            if popped:
                question_id = popped[1].decode()
                written: Any = self._worker.redis.getdel(redis_names.question(question_id))
                if written is None:
                    continue  # whoever asked has gone
                self.questions.append(decode_question(written))
                self._worker.redis.rpush(redis_names.answer(question_id), encode(self.answer))
