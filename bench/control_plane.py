"""The API with its control loop and a queue server, and no worker, so that what is submitted stays queued."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from axo_cli.embedded.home import Home
from axo_cli.embedded.services import queue_command
from bench.processes import ServerProcess, running, serving


@contextmanager
def control_plane(folder: Path, database_url: str, **own_settings: str) -> Iterator[ServerProcess]:
    """Run it with all its state, but for the database, in `folder`."""
    home = Home(folder)
    home.create()
    settings: Mapping[str, str] = {
        "AXO_DATABASE_URL": database_url,
        "AXO_REDIS_URL": home.redis_url,
        "AXO_STORAGE_ROOT": str(home.storage),
        "AXO_ALLOWED_ROOTS": f'["{folder}"]',
        "AXO_HUB__CHECK": "false",
        **own_settings,
    }
    api = serving("axo_api", environment=settings, ready="/healthz", log=home.logs / "api.log")
    with running(queue_command(home)), api as server:
        yield server
