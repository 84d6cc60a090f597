"""A whole control plane under test, its control loop included, as a child process."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.api_process import SPEC, ApiProcess
from tests.redis_server import RedisServer
from tests.waiting import wait_for

from axo_contracts import storage_paths
from axo_contracts.lifecycle import TERMINAL

LEASE_SECONDS = 4.0


class ControlPlane(ApiProcess):
    """`python -m axo_api` on a database, a Redis and a storage folder that may outlive it."""

    def __init__(self, home: Path, redis_server: RedisServer, database_url: str, **settings: str) -> None:
        super().__init__(home)
        self.redis_server = redis_server
        self.database_url = database_url
        self.settings |= {
            "AXO_DATABASE_URL": database_url,
            "AXO_REDIS_URL": redis_server.url,
            "AXO_RUN_CONTROL_LOOP": "true",
            "AXO_LEASE_SECONDS": str(LEASE_SECONDS),
            "AXO_WEBHOOKS__ALLOWED_NETWORKS": '["127.0.0.0/8"]',
            "AXO_WEBHOOKS__FIRST_RETRY_SECONDS": "0.01",
            **settings,
        }

    def restart(self) -> None:
        """Kill it as a power cut would, and start it again on the same state."""
        self.kill()
        self.start()

    def submit(self, **fields: Any) -> str:
        """Submit a job and return its id."""
        answer = self.http.post("/v1/jobs", json=SPEC | fields)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def job(self, job_id: str) -> dict[str, Any]:
        """Return a job as the API shows it."""
        return self.get(f"/v1/jobs/{job_id}")

    def get(self, path: str) -> dict[str, Any]:
        """Return what the API shows under a path."""
        answer = self.http.get(path)
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    def all_jobs(self) -> list[dict[str, Any]]:
        """Return every job, newest first."""
        page = self.get("/v1/jobs?limit=100")
        jobs: list[dict[str, Any]] = page["data"]
        while page["has_more"]:
            page = self.get(f"/v1/jobs?limit=100&after={page['last_id']}")
            jobs += page["data"]
        return jobs

    def settle(self) -> bool:
        """Leave nothing for the next test to trip over; return whether that could be done."""
        if not self.is_running:
            self.start()
        for job in self.all_jobs():
            if job["status"] not in TERMINAL:
                self.http.post(f"/v1/jobs/{job['id']}/cancel")
        return all(job["status"] in TERMINAL for job in self.all_jobs())

    def wait_for_status(self, job_id: str, *statuses: str, seconds: float = 15) -> dict[str, Any]:
        """Return a job once its status is one of `statuses`."""

        def look() -> dict[str, Any] | None:
            job = self.job(job_id)
            return job if job["status"] in statuses else None

        return wait_for(look, f"{job_id} to be {statuses}, {self.output}", seconds)

    def moves(self, job_id: str) -> list[tuple[str, int, str | None]]:
        """Return the statuses that a job had, each with its attempt and its reason."""
        events = self.get(f"/v1/jobs/{job_id}/events?limit=100")["data"]
        return [(event["status"], event["attempt"], event["reason"]) for event in events]

    def steps(self, job_id: str) -> list[int]:
        """Return the steps of the losses that a job has."""
        (loss,) = self.get(f"/v1/jobs/{job_id}/metrics?names=loss")["data"]
        steps: list[int] = loss["steps"]
        return steps

    def journal(self, job_id: str) -> list[bytes]:
        """Return the lines of a job's journal."""
        path = self.storage_root / storage_paths.journal(job_id)
        return path.read_bytes().splitlines() if path.exists() else []

    def said(self, job_id: str, attempt: int) -> Sequence[bytes]:
        """Return the lines of a job's journal that one attempt's run said."""
        return [line for line in self.journal(job_id) if b'"seq":' in line and b'"attempt":%d,' % attempt in line]
