"""`python -m axo_api` serves the control plane; with `migrate` or `keys`, it sees to its database."""

import asyncio
import gc
import logging
import sys

import uvicorn

from axo_api.app import create_app
from axo_api.catalogue.reading import BadCatalogue
from axo_api.keys import command as keys
from axo_api.keys.requirement import refusal_to_start
from axo_api.migrations import upgrade
from axo_api.settings import Settings
from axo_observability import logs
from axo_observability.traces import TracesNotInstalled

SHUTDOWN_SECONDS = 3
GARBAGE_THRESHOLDS = (10_000, 20, 100)


def main() -> None:
    """Do what the command line says."""
    settings = Settings()
    logs.configure(settings.log_format, settings.log_level)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it names every URL, and those of webhooks may hold secrets
    match sys.argv[1:]:
        case []:
            _serve(settings)
        case ["migrate"]:
            upgrade(settings.database_url)
        case ["keys", *arguments]:
            sys.exit(keys.run(settings.database_url, arguments))
        case _:
            sys.exit("usage: python -m axo_api [migrate | keys …]")


def _serve(settings: Settings) -> None:
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


if __name__ == "__main__":
    main()
