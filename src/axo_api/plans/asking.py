"""Asking a worker's helper over Redis. The worker dials out only, so the question waits for it there."""

import asyncio
import logging
import time

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from axo_api.connections import Waiting
from axo_contracts import redis_names
from axo_contracts.ids import new_id
from axo_contracts.questions import Answer, Failed, Question, decode_answer, encode

log = logging.getLogger(__name__)

_LOOK_SECONDS = 2.0  # of one wait in Redis, well below the client's own patience


async def ask(waiting: Waiting, worker_id: str, question: Question, *, seconds: float) -> Answer:
    """Return a worker's answer, or `Failed` when there is none within `seconds`.

    Raises `Unavailable` when too many wait already.
    """
    question_id = new_id("question")
    with waiting.place() as redis:
        try:
            await _put(redis, worker_id, question_id, question, seconds)
            answer = await _take(redis, question_id, seconds)
        except RedisError as error:
            log.warning("worker %s could not be asked: %r", worker_id, error)
            return Failed(message="Redis does not answer, so that no worker could be asked.")
        finally:
            await _forget(redis, question_id)
    return answer or Failed(message=f"Worker {worker_id} did not answer within {seconds:g} s.")


async def _put(redis: Redis, worker_id: str, question_id: str, question: Question, seconds: float) -> None:
    name = redis_names.questions(worker_id)
    async with redis.pipeline() as pipeline:
        pipeline.set(redis_names.question(question_id), encode(question), px=int(seconds * 1000))
        pipeline.lpush(name, question_id)
        pipeline.expire(name, redis_names.QUESTIONS_SECONDS)
        await pipeline.execute()


async def _take(redis: Redis, question_id: str, seconds: float) -> Answer | None:
    give_up_at = time.monotonic() + seconds
    while (left := give_up_at - time.monotonic()) > 0:
        popped = await redis.blpop([redis_names.answer(question_id)], timeout=max(0.1, min(left, _LOOK_SECONDS)))
        if popped is not None:
            return _read(popped[1])
    return None


def _read(written: bytes | str) -> Answer:
    answer: Answer
    try:
        answer = decode_answer(written)
    except msgspec.DecodeError as error:
        log.warning("an answer cannot be read (%s): %.200r", error, written)
        return Failed(message="The worker's answer cannot be read; it may run another version of axo.")
    return answer


async def _forget(redis: Redis, question_id: str) -> None:
    """Leave nothing in Redis of a question whose asker has gone."""
    try:
        await asyncio.shield(redis.delete(redis_names.question(question_id), redis_names.answer(question_id)))
    except RedisError:
        return  # both run out by themselves
