"""The application: what it is made of, and its life from start to stop."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from axo_api import connections
from axo_api.access import AccessLog
from axo_api.answers import document_refusals
from axo_api.artifacts import endpoints as artifacts
from axo_api.body_limit import BodyLimit
from axo_api.catalogue.reading import Catalogue, read_catalogue
from axo_api.checkpoints import endpoints as checkpoints
from axo_api.control.loop import run_control_loop
from axo_api.database import Database
from axo_api.dependencies import Parts
from axo_api.errors import ErrorEnvelope, install_error_handlers
from axo_api.files import endpoints as files
from axo_api.files.checkers.pool import Checkers
from axo_api.files.limits import unpack_limits
from axo_api.files.sweeping import keep_swept, sweep
from axo_api.health import endpoints as health
from axo_api.housekeeping import endpoints as housekeeping
from axo_api.housekeeping.quota import Quota
from axo_api.jobs import endpoints as jobs
from axo_api.jobs.existence import Existence
from axo_api.journals.hub import Hub
from axo_api.keys import endpoints as keys
from axo_api.keys.documented import document_keys
from axo_api.keys.gate import Gate
from axo_api.keys.ring import KeyRing
from axo_api.lifecycle import endpoints as lifecycle
from axo_api.lifecycle.stream import Lifecycle
from axo_api.metrics import endpoints as metrics
from axo_api.migrations import prepare
from axo_api.models import endpoints as models
from axo_api.monitoring import endpoints as monitoring
from axo_api.monitoring.instruments import Instruments
from axo_api.monitoring.snapshot import Snapshots
from axo_api.openai.endpoints import router as openai
from axo_api.output import endpoints as output
from axo_api.plans import endpoints as plans
from axo_api.request_ids import RequestIds
from axo_api.results import endpoints as results
from axo_api.schema import endpoints as schema
from axo_api.serving import endpoints as serving
from axo_api.settings import Settings
from axo_api.signing import SigningKey
from axo_api.uploads import endpoints as uploads
from axo_api.uploads.receiving import OpenUploads
from axo_api.wake import Wake
from axo_api.webhooks import endpoints as webhooks
from axo_api.webhooks.sending import Sender
from axo_api.workers import endpoints as workers
from axo_api.workers.usual import UsualTimesKeeper
from axo_observability.traces import Tracer, tracer

log = logging.getLogger(__name__)

DESCRIPTION = """Fine-tuning on your own GPUs: submit a job, follow it live, take the model away.

Requests carry an API key as `Authorization: Bearer axo-…`, but for a service on loopback that has none.

A body of JSON is read strictly: UTF-8, no NaN, and no key twice in an object, of which readers would keep but one. But
for files, it has at most 1 MiB.

Errors share one envelope, with the id that the answer's `x-request-id` has too. Lists are paged by `after` and `limit`.
"""


def create_app(settings: Settings) -> FastAPI:
    """Return the control plane as an ASGI application; it starts and stops its parts with its lifespan.

    Raises `BadCatalogue` for a catalogue file that cannot be used, and `TracesNotInstalled`.
    """
    catalogue = read_catalogue(settings.catalogue)
    traces = tracer(settings.otlp_endpoint, "axo-api")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with _running(settings, catalogue, traces) as parts:
            app.state.parts = parts
            yield

    app = FastAPI(
        title="axo",
        version="0.1.0",
        description=DESCRIPTION,
        lifespan=lifespan,
        responses={"4XX": {"model": ErrorEnvelope}, "5XX": {"model": ErrorEnvelope}},
    )
    resources = (
        plans,
        jobs,
        output,
        checkpoints,
        artifacts,
        results,
        metrics,
        lifecycle,
        uploads,
        files,
        models,
        serving,
        workers,
        webhooks,
        schema,
        keys,
        housekeeping,
        health,
        monitoring,
    )
    for resource in resources:
        app.include_router(resource.router)
    app.include_router(openai)
    document_keys(app)
    document_refusals(app)
    install_error_handlers(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(Gate)
    app.add_middleware(AccessLog)
    app.add_middleware(RequestIds)
    return app


@asynccontextmanager
async def _running(settings: Settings, catalogue: Catalogue, traces: Tracer) -> AsyncIterator[Parts]:
    settings.storage_root.mkdir(parents=True, exist_ok=True)
    signing_key = await asyncio.to_thread(SigningKey.of, settings)
    await asyncio.to_thread(prepare, settings.database_url)
    database = Database(settings.database_url)
    checkers = Checkers(unpack_limits(settings))
    redis, hub = connections.for_commands(settings.redis_url), Hub(settings.storage_root)
    waiting = connections.for_waiting(settings.redis_url)
    queue_changed, job_moved = Wake(), Wake()
    parts = Parts(
        settings=settings,
        database=database,
        keys=KeyRing(database, settings),
        signing_key=signing_key,
        redis=redis,
        waiting=waiting,
        hub=hub,
        lifecycle=Lifecycle(database, job_moved.listen(queue_changed), hub.closing),
        existence=Existence(settings),
        checkers=checkers,
        uploads=OpenUploads(settings.storage_root, checkers),
        webhooks=Sender(settings.webhooks),
        catalogue=catalogue,
        instruments=Instruments(hub),
        snapshots=Snapshots(database, redis),
        quota=Quota(settings),
        tracer=traces,
        usual=UsualTimesKeeper(database),
        queue_changed=queue_changed,
        job_moved=job_moved,
    )
    await sweep(parts.database, settings.storage_root)
    tasks = [asyncio.create_task(keep_swept(parts.database, settings.storage_root, parts.uploads))]
    if settings.run_control_loop:
        tasks.append(asyncio.create_task(run_control_loop(parts)))
    try:
        yield parts
    finally:
        for task in reversed(tasks):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        parts.uploads.close()
        await asyncio.to_thread(parts.checkers.close)
        parts.hub.close()
        await parts.existence.close()
        await parts.webhooks.close()
        await asyncio.to_thread(parts.tracer.close)
        await parts.waiting.aclose()
        await parts.redis.aclose()
        parts.database.close()
