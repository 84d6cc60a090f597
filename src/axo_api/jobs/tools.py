"""Whether a worker has what a job needs: looked up when it is submitted, as far as workers can be seen then."""

from collections.abc import Mapping, Sequence

from redis.asyncio import Redis
from redis.exceptions import RedisError

from axo_api.errors import Invalid, inside
from axo_api.workers.fleet import live_workers
from axo_contracts.jobs import JobSpec, link_to_spec, links_of
from axo_contracts.tools import REMEDIES


class ToolMissing(Invalid):
    """No worker has a program that the job needs."""

    code = "tool_missing"


async def check_tools(redis: Redis, spec: JobSpec) -> None:
    """Raise `ToolMissing` when a job, or one of its chain, needs what none of the living workers has.

    Where no worker is seen it is not known: such a job waits for one that has it.
    """
    chain = [spec, *(link_to_spec(link, priority=0) for link in links_of(spec))]
    if not any(one.tools for one in chain):
        return
    try:
        fleet = [worker.capabilities.packages for worker in await live_workers(redis) if not worker.trouble]
    except RedisError:
        return
    if not fleet:
        return
    _check(spec, fleet)
    for index, link in enumerate(chain[1:]):
        with inside(f"then.{index}"):
            _check(link, fleet)


def _check(spec: JobSpec, fleet: Sequence[Mapping[str, str]]) -> None:
    for tool in spec.tools:
        if not any(tool in packages for packages in fleet):
            field = "lm_eval" if tool == "lm-eval" else "kind"
            raise ToolMissing(f"{field}: no worker has {tool}, which {spec.kind} needs; {REMEDIES[tool]}.", param=field)
