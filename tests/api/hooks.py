"""Endpoints that a test has made at a control plane, and what it asks about them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from tests.receiver import Received
from tests.waiting import wait_for

PATH = "/v1/webhook_endpoints"
ENDS = ["fine_tuning.job.succeeded", "fine_tuning.job.failed", "fine_tuning.job.cancelled"]


@dataclass(slots=True)
class Hook:
    """One endpoint."""

    http: httpx.Client
    id: str
    secret: str

    def ask(self, method: str = "GET", path: str = "", **body: Any) -> dict[str, Any]:
        """Return what is answered to a request for the endpoint, which must be a success."""
        answer = self.http.request(method, f"{PATH}/{self.id}{path}", json=body or None)
        assert answer.is_success, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    def deliveries(self, status: str = "") -> list[dict[str, Any]]:
        """Return the newest deliveries, of a status where one is given."""
        data: list[dict[str, Any]] = self.ask(path=f"/deliveries?limit=100{f'&status={status}' if status else ''}")[
            "data"
        ]
        return data

    def wait_for_delivery(self, *statuses: str, tried: int = 0) -> dict[str, Any]:
        """Return the newest delivery, once it has one of these statuses and was tried that often."""

        def look() -> dict[str, Any] | None:
            newest = self.deliveries()[:1]
            return newest[0] if newest and newest[0]["status"] in statuses and newest[0]["attempts"] >= tried else None

        return wait_for(look, f"a delivery that is {statuses}")

    def redeliver(self, delivery_id: str) -> dict[str, Any]:
        """Have an event delivered again."""
        return self.ask("POST", f"/deliveries/{delivery_id}/redeliver")


@contextmanager
def hook(http: httpx.Client, url: str, *event_types: str) -> Iterator[Hook]:
    """Yield such an endpoint, and delete it."""
    made = make_hook(http, url, *event_types)
    yield made
    made.ask("DELETE")


def make_hook(http: httpx.Client, url: str, *event_types: str) -> Hook:
    """Return a new endpoint that is told of these types of events; by default of how jobs end."""
    answer = http.post(PATH, json={"url": url, "event_types": event_types or ENDS})
    assert answer.is_success, answer.text
    return Hook(http, answer.json()["id"], answer.json()["signing_secret"])


def of_job(received: list[Received], job_id: str) -> list[str]:
    """Return the types of the events of one job, in the order in which they came."""
    return [one.type for one in received if job_id in (one.event["data"].get("id"), one.event["data"].get("job"))]
