"""Who is told of what: endpoints, their URLs, and `axo webhooks`."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from tests.api.control_plane import ControlPlane
from tests.api.databases import on_both_databases
from tests.api.hooks import ENDS, PATH, hook
from tests.loopback_server import running
from tests.receiver import Receiver

URL = "http://127.0.0.1:9/hook"  # nobody listens there

REFUSED = {
    "ftp://example.com/": "begins with https://",
    "/hook": "begins with https://",
    "https://": "begins with https://",
    "http://127.0.0.1:99999/": "no port 99999",
    "https://[10.0.0.1/": "is no host",
    "https://me:secret@127.0.0.1/": "leave user and password out",
    "https://127.0.0.1/#part": "follows the #",
    "http://9.9.9.9/": "by https:// only",
    "https://10.0.0.1/": "not on the public internet",
    "https://169.254.169.254/latest/meta-data": "AXO_WEBHOOKS__ALLOWED_NETWORKS",
    "https://[::1]/": "not on the public internet",
    "https://[::ffff:10.0.0.1]/": "not on the public internet",
    "https://167772161/": "10.0.0.1, which is not on the public internet",
}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody who is told."""
    with running(Receiver()) as receiver:
        yield receiver


@on_both_databases
def test_an_endpoint_is_made_changed_and_deleted(plane: ControlPlane) -> None:
    made = plane.http.post(PATH, json={"url": URL}).json()
    one = f"{PATH}/{made['id']}"
    shown = plane.get(one)
    changed = plane.http.post(one, json={"name": "bots", "event_types": ["axo.job.started.v1"]}).json()
    deleted = plane.http.delete(one).json()

    assert (made["event_types"], made["enabled"], made["owner"]) == (sorted(ENDS), True, "local")
    assert shown == {name: value for name, value in made.items() if name != "signing_secret"}
    assert (changed["name"], changed["event_types"], changed["url"]) == ("bots", ["axo.job.started.v1"], URL)
    assert deleted == {"id": made["id"], "object": "webhook_endpoint.deleted", "deleted": True}
    assert plane.http.get(one).status_code == 404


@pytest.mark.parametrize(("url", "why"), REFUSED.items())
def test_a_url_that_no_webhook_may_go_to_is_refused(plane: ControlPlane, url: str, why: str) -> None:
    answer = plane.http.post(PATH, json={"url": url})

    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "url")
    assert why in answer.json()["error"]["message"]


def test_a_changed_url_is_looked_at_as_well(plane: ControlPlane) -> None:
    with hook(plane.http, URL) as made:
        answer = plane.http.post(f"{PATH}/{made.id}", json={"url": "https://192.168.0.1/"})

        assert (answer.status_code, made.ask()["url"]) == (400, URL)


def test_an_event_that_there_is_not_is_refused_with_those_that_there_are(plane: ControlPlane) -> None:
    answer = plane.http.post(PATH, json={"url": URL, "event_types": ["batch.completed"]})

    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "event_types.0")
    assert "fine_tuning.job.succeeded" in answer.json()["error"]["message"]
    assert ENDS[0] in plane.get("/v1/webhook_event_types")["data"]


def test_an_owner_has_a_limited_number_of_endpoints(plane: ControlPlane) -> None:
    made = [plane.http.post(PATH, json={"url": URL}) for _ in range(21)]
    page = plane.get(f"{PATH}?limit=15")
    rest = plane.get(f"{PATH}?limit=15&after={page['last_id']}")
    for one in made[:-1]:
        plane.http.delete(f"{PATH}/{one.json()['id']}").raise_for_status()

    assert (made[-1].status_code, made[-1].json()["error"]["code"]) == (409, "conflict")
    assert [one["id"] for one in page["data"] + rest["data"]] == [one.json()["id"] for one in made[19::-1]]


def test_a_disabled_endpoint_is_told_nothing(plane: ControlPlane, receiver: Receiver) -> None:
    with hook(plane.http, receiver.url, "axo.job.queued.v1") as told:
        told.ask("POST", enabled=False)
        plane.submit()
        told.ask("POST", enabled=True)
        job_id = plane.submit()
        receiver.wait_for(1)

        assert [one.event["data"]["job"] for one in receiver.received] == [job_id]
        assert len(told.deliveries()) == 1


def test_a_sample_that_nobody_answers_says_so(plane: ControlPlane) -> None:
    with hook(plane.http, URL) as made:
        answer = plane.http.post(f"{PATH}/{made.id}/test", json={"event_type": ENDS[0]})

    assert answer.status_code == 400
    assert "did not answer" in answer.json()["error"]["message"]


def test_axo_webhooks_makes_lists_and_deletes(plane: ControlPlane, receiver: Receiver) -> None:
    made = _axo(plane, "create", receiver.url, "--event", "axo.job.queued.v1")
    endpoint_id = made.stderr.split()[0]
    plane.submit()
    (received,) = receiver.wait_for(1)
    listed = _axo(plane, "list").stdout
    delivered = _axo(plane, "deliveries", endpoint_id).stdout
    again = _axo(plane, "redeliver", endpoint_id, received.id)
    deleted = _axo(plane, "delete", endpoint_id)

    assert made.stdout.startswith("whsec_")
    assert (endpoint_id in listed, received.id in delivered) == (True, True)
    assert again.stdout == f"{received.id} is delivered again.\n"
    assert deleted.stdout == f"{endpoint_id} is deleted.\n"


def _axo(plane: ControlPlane, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "axo_cli", "webhooks", *arguments],
        env=os.environ | {"AXO_URL": plane.url, "COLUMNS": "300"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done
