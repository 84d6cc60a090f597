"""`/healthz`: this process answers. `/readyz`: what it needs is there, each part named."""

import asyncio
from collections.abc import Awaitable
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel
from redis.exceptions import RedisError
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, ProgrammingError

from axo_api.dependencies import Axo, Parts
from axo_api.tables import jobs
from axo_api.workers.fleet import live_workers

router = APIRouter(tags=["operations"])

CHECK_SECONDS = 3.0
PROBE = "axo:probe"


class Check(BaseModel):
    """Whether one part is there."""

    ok: bool
    message: str


class Readiness(BaseModel):
    """Whether the service can do its work."""

    status: Literal["ready", "not ready"]
    checks: dict[str, Check]


class Health(BaseModel):
    """This process answers."""

    status: Literal["ok"] = "ok"


@router.get("/healthz", summary="Does this process answer?")
async def healthz() -> Health:
    """Answer whenever the process runs."""
    return Health()


@router.get("/readyz", summary="Is all that it needs there?", responses={503: {"model": Readiness}})
async def readyz(axo: Axo, response: Response) -> Readiness:
    """Check the database, Redis and the workers. 503 when one of them is missing."""
    names = ("database", "redis", "workers")
    answers = await asyncio.gather(_checked(_database(axo)), _checked(_redis(axo)), _checked(_workers(axo)))
    checks = dict(zip(names, answers, strict=True))
    ready = all(check.ok for check in answers)
    response.status_code = 200 if ready else 503
    return Readiness(status="ready" if ready else "not ready", checks=checks)


async def _checked(check: Awaitable[Check]) -> Check:
    try:
        return await asyncio.wait_for(check, CHECK_SECONDS)
    except TimeoutError:
        return Check(ok=False, message=f"no answer within {CHECK_SECONDS:.0f} s")
    except (DBAPIError, RedisError, OSError) as error:
        return Check(ok=False, message=str(error).splitlines()[0])


async def _database(axo: Parts) -> Check:
    try:
        await axo.database.read(lambda connection: connection.execute(select(jobs).limit(1)).all())
    except ProgrammingError:
        return Check(ok=False, message="its schema is not up to date; run `python -m axo_api migrate`")
    return Check(ok=True, message="answers")


async def _redis(axo: Parts) -> Check:
    await axo.redis.set(PROBE, 1, ex=60)
    return Check(ok=True, message="answers and takes writes")


async def _workers(axo: Parts) -> Check:
    workers = await live_workers(axo.redis)
    able = [worker for worker in workers if worker.state == "online" and worker.trouble is None]
    if able:
        return Check(ok=True, message=f"{len(able)} online")
    troubles = "; ".join(f"{worker.id}: {worker.trouble}" for worker in workers if worker.trouble)
    return Check(ok=False, message=troubles or "no worker is online; start one with `python -m axo_worker`")
