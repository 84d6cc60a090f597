"""`/readyz`: what the service needs, each part named."""

from tests.api.conftest import StartControlPlane
from tests.api.control_plane import ControlPlane
from tests.api.standin_worker import StandInWorker
from tests.postgres import PostgresServer
from tests.waiting import wait_for


def test_a_service_with_a_worker_is_ready(plane: ControlPlane, worker: StandInWorker) -> None:
    wait_for(lambda: plane.http.get("/readyz").status_code == 200, "the worker to be seen")

    assert plane.get("/readyz")["checks"]["workers"] == {"ok": True, "message": "1 online"}


def test_readiness_names_a_database_that_was_not_migrated(
    start_control_plane: StartControlPlane, postgres: PostgresServer
) -> None:
    plane = start_control_plane(postgres.new_database())

    answer = plane.http.get("/readyz")

    assert answer.status_code == 503
    assert "python -m axo_api migrate" in answer.json()["checks"]["database"]["message"]


def test_readiness_names_what_is_missing(plane: ControlPlane) -> None:
    answer = plane.http.get("/readyz")

    assert answer.status_code == 503
    checks = answer.json()["checks"]
    assert {name: check["ok"] for name, check in checks.items()} == {"database": True, "redis": True, "workers": False}
    assert "start one" in checks["workers"]["message"]
