"""Webhooks by OpenAI's unmodified Python client: it makes endpoints, and verifies and reads what they are told."""

from collections.abc import Iterator

import openai
import pytest
from openai.types.webhooks import UnwrapWebhookEvent
from tests.api.control_plane import ControlPlane
from tests.api.standin_worker import MOMENT, StandInWorker
from tests.loopback_server import running
from tests.openai_api.clients import assert_as_typed, upload
from tests.receiver import Received, Receiver

from axo_contracts.lifecycle import EndReason

TYPES: list[str] = ["fine_tuning.job.succeeded", "fine_tuning.job.failed", "fine_tuning.job.cancelled"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody who is told."""
    with running(Receiver()) as receiver:
        yield receiver


@pytest.mark.parametrize("service", ["sqlite", "postgres"], indirect=True)
def test_what_the_end_of_a_job_is_told_by_unwraps(
    client: openai.OpenAI, service: ControlPlane, worker: StandInWorker, receiver: Receiver
) -> None:
    endpoint = client.webhooks.create(name="bots", url=receiver.url, event_types=TYPES)  # type: ignore[arg-type]
    ids = []
    for reason in (EndReason.COMPLETED, EndReason.BAD_DATA, EndReason.CANCELLED):
        ids.append(_job(client))
        run = worker.run_next()
        if reason is EndReason.CANCELLED:
            client.fine_tuning.jobs.cancel(ids[-1])
        run.finishes(reason)

    events = [_unwrapped(client, one, endpoint.signing_secret) for one in receiver.wait_for(3)]
    client.webhooks.delete(endpoint.id)

    for event in events:
        assert_as_typed(event)
        assert event.object == "event"
        assert event.created_at == int(MOMENT.timestamp())
    told = {event.type: event.data.id for event in events}  # type: ignore[union-attr]
    assert told == dict(zip(TYPES, ids, strict=True))


def test_what_was_changed_on_the_way_is_refused(
    client: openai.OpenAI, service: ControlPlane, receiver: Receiver
) -> None:
    endpoint = client.webhooks.create(name="bots", url=receiver.url, event_types=["fine_tuning.job.cancelled"])
    client.fine_tuning.jobs.cancel(_job(client))
    (received,) = receiver.wait_for(1)
    client.webhooks.delete(endpoint.id)

    changed = Received(received.path, received.headers, received.body.replace(b"cancelled", b"succeeded"))
    for one, secret in ((changed, endpoint.signing_secret), (received, "whsec_" + "A" * 43 + "=")):
        with pytest.raises(openai.InvalidWebhookSignatureError):
            _unwrapped(client, one, secret)


def test_endpoints_are_made_and_kept_by_the_client(
    client: openai.OpenAI, service: ControlPlane, receiver: Receiver
) -> None:
    made = client.webhooks.create(name="bots", url=receiver.url, event_types=["fine_tuning.job.failed"])
    changed = client.webhooks.update(made.id, event_types=["fine_tuning.job.succeeded"], name="others")
    rotated = client.webhooks.rotate_secret(made.id, keep_old_secret_active_for_24_hours=True)
    sample = client.webhooks.test(made.id, event_type="fine_tuning.job.succeeded")
    listed = list(client.webhooks.list(limit=1))
    got = client.webhooks.retrieve(made.id)
    types = client.webhooks.event_types.list()
    deleted = client.webhooks.delete(made.id)

    for shown in (made, changed, rotated, sample, got, types, deleted):
        assert_as_typed(shown)
    assert (changed.name, changed.event_types) == ("others", ["fine_tuning.job.succeeded"])
    assert [one.id for one in listed] == [got.id] == [made.id]
    assert (sample.status_code, deleted.deleted) == (200, True)
    for secret in (made.signing_secret, rotated.signing_secret):
        assert _unwrapped(client, receiver.received[0], secret).type == "fine_tuning.job.succeeded"
    with pytest.raises(openai.NotFoundError):
        client.webhooks.retrieve(made.id)


def _job(client: openai.OpenAI) -> str:
    return client.fine_tuning.jobs.create(model="gpt-4o-mini", training_file=upload(client)).id


def _unwrapped(client: openai.OpenAI, received: Received, secret: str) -> UnwrapWebhookEvent:
    return client.webhooks.unwrap(received.body, received.headers, secret=secret)
