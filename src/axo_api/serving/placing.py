"""Which worker is asked: one that has the base model in memory, else the one with the fewest that wait."""

from redis.asyncio import Redis

from axo_api.errors import Unavailable
from axo_api.workers.fleet import live_workers
from axo_contracts import redis_names
from axo_contracts.completions import Completion, ServingState, encode


class NoWorker(Unavailable):
    """No worker that serves is there."""

    code = "no_worker"


async def find_worker(redis: Redis, completion: Completion) -> str:
    """Return the id of the worker to ask. Raises `NoWorker`, and `redis.RedisError`."""
    workers = [worker.id for worker in await live_workers(redis) if worker.state == "online" and not worker.trouble]
    if not workers:
        raise NoWorker("No worker is online, so no model can be asked. Start one, or ask again later.")
    async with redis.pipeline(transaction=False) as pipeline:
        for worker in workers:
            pipeline.get(redis_names.serving(worker))
            pipeline.llen(redis_names.completions(worker))
        found = await pipeline.execute()
    wanted = encode(ServingState(base=completion.base, revision=completion.revision))
    offers = [
        (state != wanted, waiting, worker)
        for worker, state, waiting in zip(workers, found[::2], found[1::2], strict=True)
        if state is not None
    ]
    if not offers:
        raise NoWorker(
            "No worker serves models: it needs torch, transformers and peft beside its trainer's Python, and "
            "AXO_SERVING=true. One that has just started serves in a moment."
        )
    return min(offers)[2]
