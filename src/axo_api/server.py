"""The control plane as a server: made, allowed to start, and run until it is told to stop."""

import asyncio
import gc
import sys

import uvicorn

from axo_api.app import create_app
from axo_api.catalogue.reading import BadCatalogue
from axo_api.keys.requirement import refusal_to_start
from axo_api.settings import Settings
from axo_observability.traces import TracesNotInstalled

SHUTDOWN_SECONDS = 3
GARBAGE_THRESHOLDS = (10_000, 20, 100)


def serve(settings: Settings) -> None:
    """Serve until a signal comes. Raises `SystemExit`, with the reason, where it is not to start."""
    try:
        app = create_app(settings)
    except (BadCatalogue, TracesNotInstalled) as error:
        sys.exit(str(error))
    if refusal := asyncio.run(refusal_to_start(settings)):
        sys.exit(refusal)
    _collect_garbage_seldom()
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,  # its lines go where ours go
        log_level=settings.log_level.lower(),
        access_log=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,  # a stream that is being followed would hold the end up for ever
    )


def _collect_garbage_seldom() -> None:
    """Leave old objects alone for longer: with a thousand followers a look through all of them takes 0.2 s."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    gc.enable()
