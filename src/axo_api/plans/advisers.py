"""Which worker a plan is for, and which one's helper is asked."""

from dataclasses import dataclass

from redis.exceptions import RedisError

from axo_api.control.ordering import capabilities_at
from axo_api.control.placement import Place, choose, hosts
from axo_api.dependencies import Parts
from axo_api.workers.fleet import live_workers
from axo_contracts.questions import Device, device_of
from axo_contracts.resources import Capabilities, Resources


@dataclass(frozen=True, slots=True)
class Adviser:
    """Where a job would run if all were free, and whom to ask. `trouble` says what is missing, in one sentence."""

    worker_id: str | None = None  # whose helper is asked; it may be another's than where the job would run
    capabilities: Capabilities | None = None  # of where the job would run
    trouble: str | None = None

    @property
    def device(self) -> Device:
        """The GPUs that the job would have."""
        return device_of(self.capabilities.gpus) if self.capabilities else Device()


async def find_adviser(axo: Parts, resources: Resources) -> Adviser:
    """Return the worker that fits `resources` best, busy or not, and a helper to ask: its own, or any other."""
    try:
        workers = await live_workers(axo.redis)
    except RedisError:
        return Adviser(trouble="Redis does not answer, so no worker can be seen.")
    place = choose(resources, hosts(workers, []))
    helpers = [worker.id for worker in workers if worker.has_helper]
    if not isinstance(place, Place):
        return Adviser(min(helpers, default=None), None, f"It has no place to run now: {place}.")
    own = place.worker.id if place.worker.has_helper else min(helpers, default=None)
    trouble = None if own else "No worker has a helper that knows Axolotl; AXO_TRAINER_HELPER switches it on."
    return Adviser(own, capabilities_at(place), trouble)
