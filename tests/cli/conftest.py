"""The `axo` command against a service that a test can script."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from tests.cli.fake_service import Axo, Service, serving
from tests.cli.recorded_job import job, journal


@pytest.fixture
def service() -> Iterator[Service]:
    """A running service with one job that has succeeded."""
    with serving(Service(jobs=[job()], journal=journal())) as running:
        yield running


@pytest.fixture
def axo(service: Service) -> Axo:
    """Runs one `axo` command to its end."""

    def run(*arguments: object, url: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "axo_cli", *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**os.environ, "AXO_URL": url or service.url, **environment},
        )

    return run
