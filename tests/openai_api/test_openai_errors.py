"""The classes of OpenAI's errors, for keys, owners and limits."""

from collections.abc import Iterator
from pathlib import Path

import openai
import pytest
from tests.api.control_plane import ControlPlane
from tests.openai_api.clients import client_of, upload
from tests.redis_server import RedisServer


@pytest.fixture
def guarded(tmp_path: Path, redis_server: RedisServer) -> Iterator[ControlPlane]:
    """A control plane where one job of an owner may wait."""
    plane = ControlPlane(tmp_path, redis_server, f"sqlite:///{tmp_path}/axo.db", AXO_MAX_WAITING_JOBS="1")
    plane.start()
    yield plane
    plane.close()


def key_of(plane: ControlPlane, owner: str, scope: str, admin: str | None = None) -> str:
    """Make a key; the first of a service on loopback needs none."""
    headers = {"Authorization": f"Bearer {admin}"} if admin else {}
    answer = plane.http.post("/v1/keys", json={"owner": owner, "scopes": [scope]}, headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["key"])


def test_keys_owners_and_limits_raise_openais_errors(guarded: ControlPlane) -> None:
    admin = key_of(guarded, "root", "admin")
    mine, others, reading = (
        client_of(guarded, api_key=key_of(guarded, owner, scope, admin))
        for owner, scope in (("ann", "train"), ("ben", "train"), ("ann", "read"))
    )
    file_id = upload(mine)
    job = mine.fine_tuning.jobs.create(model="org/model", training_file=file_id)

    assert job.organization_id == "ann"
    with client_of(guarded, api_key="sk-wrong") as stranger, pytest.raises(openai.AuthenticationError) as refusal:
        stranger.fine_tuning.jobs.list()
    assert refusal.value.code == "invalid_api_key"
    with pytest.raises(openai.PermissionDeniedError):
        reading.fine_tuning.jobs.create(model="org/model", training_file=file_id)
    with pytest.raises(openai.NotFoundError):
        others.fine_tuning.jobs.retrieve(job.id)
    with pytest.raises(openai.NotFoundError):
        others.files.retrieve(file_id)
    with pytest.raises(openai.BadRequestError):
        others.fine_tuning.jobs.create(model="org/model", training_file=file_id)
    assert others.fine_tuning.jobs.list().data == []
    with pytest.raises(openai.RateLimitError) as limit:
        mine.fine_tuning.jobs.create(model="org/model", training_file=file_id)
    assert limit.value.code == "rate_limit_exceeded"
    for client in (mine, others, reading):
        client.close()
