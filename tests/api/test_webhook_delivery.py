"""Webhooks: each event arrives signed, at least once and in order, whatever the receiver, or the service, does."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook
from tests.api.conftest import StartControlPlane
from tests.api.control_plane import ControlPlane
from tests.api.databases import on_both_databases
from tests.api.hooks import ENDS, hook, of_job
from tests.api.keyed_plane import KeyedPlane
from tests.api.standin_worker import online
from tests.loopback_server import running
from tests.receiver import Receiver, Reply
from tests.waiting import wait_for

from axo_contracts.lifecycle import EndReason

NATIVE = [
    f"axo.job.{name}.v1" for name in ("queued", "started", "paused", "resumed", "completed", "failed", "cancelled")
]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody who is told."""
    with running(Receiver()) as receiver:
        yield receiver


def cancelled(plane: ControlPlane, **fields: Any) -> str:
    """Have a job queued and cancelled at once, and return its id."""
    job_id = plane.submit(**fields)
    plane.http.post(f"/v1/jobs/{job_id}/cancel").raise_for_status()
    return job_id


@on_both_databases
def test_a_jobs_whole_life_is_told_in_order_and_verifies(plane: ControlPlane, receiver: Receiver) -> None:
    with hook(plane.http, receiver.url, *NATIVE) as told:
        job_id = plane.submit(name="told")
        plane.http.post(f"/v1/jobs/{job_id}/pause").raise_for_status()
        plane.http.post(f"/v1/jobs/{job_id}/resume").raise_for_status()
        with online(plane.redis_server.url) as worker:
            worker.run_next().finishes()
            received = receiver.wait_for(5)

    assert receiver.types() == [
        f"axo.job.{name}.v1" for name in ("queued", "paused", "resumed", "started", "completed")
    ]
    for one in received:
        assert Webhook(told.secret).verify(one.body, one.headers) == one.event
        assert (one.event["data"]["id"], one.event["data"]["type"]) == (one.id, one.type)
    last = received[-1].event["data"]
    assert (last["job"], last["name"], last["reason"]) == (job_id, "told", "completed")


@on_both_databases
def test_every_way_in_which_a_job_ends_is_told(plane: ControlPlane, receiver: Receiver) -> None:
    with hook(plane.http, receiver.url), online(plane.redis_server.url) as worker:
        ends = {cancelled(plane, resources={"gpus": 1}): "cancelled"}
        for reason, end in ((EndReason.COMPLETED, "succeeded"), (EndReason.BAD_DATA, "failed")):
            ends[plane.submit()] = end
            worker.run_next().finishes(reason)
        ends[job_id := plane.submit()] = "cancelled"
        worker.lose(worker.run_next())
        plane.http.post(f"/v1/jobs/{job_id}/cancel").raise_for_status()
        receiver.wait_for(len(ends))

    told = {one.event["data"]["id"]: one.type.rpartition(".")[2] for one in receiver.received}
    assert told == ends


@on_both_databases
def test_what_was_not_taken_is_sent_again_as_it_was(plane: ControlPlane, receiver: Receiver) -> None:
    answers = iter([Reply(500, body=b"x" * 100_000), Reply(404), Reply(204, body=b"")])
    receiver.answer = lambda _: next(answers)

    with hook(plane.http, receiver.url) as told:
        cancelled(plane)
        delivery = told.wait_for_delivery("pending", "delivered", tried=1)
        done = told.wait_for_delivery("delivered")

    first, *others = receiver.received
    assert {(one.id, one.body) for one in others} == {(first.id, first.body)}
    assert (delivery["id"], done["attempts"], done["status_code"], done["error"]) == (first.id, 3, 204, None)


def test_of_an_answer_the_first_bytes_are_kept(plane: ControlPlane, receiver: Receiver) -> None:
    receiver.answer = lambda _: Reply(500, {"Retry-After": "3600"}, b"nul\x00" + b"x" * 100_000)

    with hook(plane.http, receiver.url) as told:
        cancelled(plane)
        delivery = told.wait_for_delivery("pending", tried=1)

    assert delivery["error"] == "It answered 500 Internal Server Error."
    assert delivery["answer"] == "nul\ufffd" + "x" * 1020


def test_retry_after_is_honoured(plane: ControlPlane, receiver: Receiver) -> None:
    receiver.answer = lambda _: Reply(503, {"Retry-After": "7200"})

    with hook(plane.http, receiver.url) as told:
        cancelled(plane)
        delivery = told.wait_for_delivery("pending", tried=1)

    waits = datetime.fromisoformat(delivery["next_attempt_at"]) - datetime.fromisoformat(delivery["last_attempt_at"])
    assert waits == timedelta(hours=2)


def test_an_attempt_counts_whatever_date_its_answer_names(
    start_control_plane: StartControlPlane, receiver: Receiver
) -> None:
    receiver.answer = lambda _: Reply(503, {"Retry-After": "Mon, 01 Jan 99999999999 00:00:00 GMT"})
    plane = start_control_plane(AXO_WEBHOOKS__FIRST_RETRY_SECONDS="3600")

    with hook(plane.http, receiver.url) as told:
        cancelled(plane)
        delivery = told.wait_for_delivery("pending", tried=1)

    assert (delivery["attempts"], delivery["status_code"]) == (1, 503)
    assert datetime.fromisoformat(delivery["next_attempt_at"]) > datetime.now(UTC) + timedelta(minutes=10)


@on_both_databases
def test_an_event_waits_for_the_earlier_ones_of_its_job_and_for_no_others(
    plane: ControlPlane, receiver: Receiver
) -> None:
    held = plane.submit()  # before anybody listens
    may_pass = threading.Event()
    receiver.answer = lambda one: Reply(200 if may_pass.is_set() or held not in str(one.event) else 500)

    with hook(plane.http, receiver.url, *NATIVE):
        for command in ("pause", "resume", "cancel"):
            plane.http.post(f"/v1/jobs/{held}/{command}").raise_for_status()
        other = cancelled(plane)
        wait_for(lambda: len(of_job(receiver.received, other)) == 2, "both events of the other job")
        tried = set(of_job(receiver.received, held))
        may_pass.set()
        wait_for(lambda: "axo.job.cancelled.v1" in of_job(receiver.received, held), "the last event of the job")

    assert tried == {"axo.job.paused.v1"}
    assert of_job(receiver.received, held)[-3:] == [f"axo.job.{name}.v1" for name in ("paused", "resumed", "cancelled")]


def test_a_receiver_that_does_not_answer_holds_up_nobody_else(plane: ControlPlane, receiver: Receiver) -> None:
    never = threading.Event()
    receiver.answer = lambda _: Reply(when=never)

    with running(Receiver()) as other, hook(plane.http, receiver.url) as slow, hook(plane.http, other.url):
        for _ in range(10):
            cancelled(plane)
        other.wait_for(10)
        waiting = slow.deliveries("pending")

    assert len(waiting) == 10
    assert len(receiver.received) <= 4


@on_both_databases
def test_an_event_can_be_delivered_again(plane: ControlPlane, receiver: Receiver) -> None:
    with hook(plane.http, receiver.url) as told:
        cancelled(plane)
        delivery = told.wait_for_delivery("delivered")
        told.redeliver(delivery["id"])
        first, again = receiver.wait_for(2)
        told.wait_for_delivery("delivered", tried=1)

    assert (again.id, again.body) == (first.id, first.body)


@on_both_databases
def test_a_410_disables_an_endpoint_until_it_is_enabled_again(plane: ControlPlane, receiver: Receiver) -> None:
    answers = iter([Reply(410), Reply()])
    receiver.answer = lambda _: next(answers)

    with hook(plane.http, receiver.url) as told:
        cancelled(plane)
        gone = told.wait_for_delivery("failed")
        shown = told.ask()
        cancelled(plane)
        refused = plane.http.post(f"/v1/webhook_endpoints/{told.id}/deliveries/{gone['id']}/redeliver")
        enabled = told.ask("POST", enabled=True)
        told.redeliver(gone["id"])
        told.wait_for_delivery("delivered")

    assert (gone["status_code"], shown["enabled"], shown["disabled_reason"]) == (410, False, "It answered 410 Gone.")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "conflict")
    assert (enabled["enabled"], enabled["disabled_reason"]) == (True, None)
    assert len({one.id for one in receiver.received}) == 1


def test_a_redirect_is_not_followed(plane: ControlPlane, receiver: Receiver) -> None:
    with running(Receiver()) as elsewhere, hook(plane.http, receiver.url) as told:
        receiver.answer = lambda _: Reply(307, {"Location": elsewhere.url, "Retry-After": "3600"})
        cancelled(plane)
        delivery = told.wait_for_delivery("pending", tried=1)

    assert "redirects are not followed" in delivery["error"]
    assert elsewhere.received == []


@on_both_databases
def test_what_was_on_its_way_when_the_service_was_killed_arrives(plane: ControlPlane, receiver: Receiver) -> None:
    never = threading.Event()
    receiver.answer = lambda _: Reply(when=never)

    with hook(plane.http, receiver.url) as told:
        job_id = cancelled(plane)
        (first,) = receiver.wait_for(1)
        plane.kill()
        receiver.answer = lambda _: Reply()
        plane.start()
        delivery = told.wait_for_delivery("delivered")

    assert (delivery["id"], delivery["job_id"]) == (first.id, job_id)
    assert receiver.received[-1].body == first.body


def test_while_a_secret_is_replaced_both_sign(plane: ControlPlane, receiver: Receiver) -> None:
    with hook(plane.http, receiver.url) as told:
        new = told.ask("POST", "/rotate_secret", keep_old_secret_active_for_24_hours=True)["signing_secret"]
        cancelled(plane)
        (received,) = receiver.wait_for(1)
        newest = told.ask("POST", "/rotate_secret")["signing_secret"]
        cancelled(plane)
        *_, last = receiver.wait_for(2)

    for secret in (told.secret, new):
        assert Webhook(secret).verify(received.body, received.headers)
    assert len(last.headers["webhook-signature"].split()) == 1
    assert Webhook(newest).verify(last.body, last.headers)


def test_an_owner_is_told_of_what_is_theirs(keyed: KeyedPlane, receiver: Receiver) -> None:
    owner, other = keyed.caller(), keyed.caller()

    with hook(owner.http, receiver.url, "axo.job.queued.v1"):
        other.submit()
        mine = owner.submit()
        receiver.wait_for(1)

    assert [one.event["data"]["job"] for one in receiver.received] == [mine]


def test_nothing_goes_to_a_network_that_is_no_longer_allowed(
    start_control_plane: StartControlPlane, receiver: Receiver
) -> None:
    plane = start_control_plane()

    with hook(plane.http, receiver.url) as told:
        plane.settings["AXO_WEBHOOKS__ALLOWED_NETWORKS"] = "[]"
        plane.restart()
        cancelled(plane)
        delivery = told.wait_for_delivery("pending", tried=1)

    assert "127.0.0.1 is at 127.0.0.1, which is not on the public internet" in delivery["error"]
    assert receiver.received == []


def test_what_nobody_takes_is_given_up_and_at_last_forgotten(
    start_control_plane: StartControlPlane, receiver: Receiver
) -> None:
    receiver.answer = lambda _: Reply(500)
    plane = start_control_plane(AXO_WEBHOOKS__GIVE_UP_HOURS="0.002", AXO_WEBHOOKS__KEEP_DAYS="0.0000001")

    with hook(plane.http, receiver.url) as told:
        cancelled(plane)
        given_up = told.wait_for_delivery("failed")
        plane.restart()
        wait_for(lambda: not told.deliveries(), "the delivery to be forgotten")

    assert (given_up["status_code"], given_up["next_attempt_at"]) == (500, None)
    assert given_up["attempts"] >= 2
    assert set(receiver.types()) <= set(ENDS)
