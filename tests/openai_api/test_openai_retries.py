"""A create whose answer was lost makes one job, however often the client sends it again."""

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import openai
import pytest
from tests.api.control_plane import ControlPlane
from tests.api.keyed_plane import KeyedPlane
from tests.openai_api.clients import CHAT, client_of, lines, upload
from tests.openai_api.lossy_proxy import LossyProxy
from tests.redis_server import RedisServer

CREATES = 100
RETRY = "x-stainless-retry-count"


@pytest.fixture
def keyed(tmp_path: Path, redis_server: RedisServer) -> Iterator[KeyedPlane]:
    """A control plane that asks for keys."""
    plane = KeyedPlane(tmp_path, redis_server, f"sqlite:///{tmp_path}/axo.db", AXO_REQUIRE_KEYS="true")
    plane.create_first_key()
    plane.start()
    yield plane
    plane.close()


@pytest.fixture
def lossy(service: ControlPlane) -> Iterator[LossyProxy]:
    """A way to the service that loses the answer to the first try of each create."""
    proxy = LossyProxy(service.url)
    yield proxy
    proxy.close()


def post(service: ControlPlane, file_id: str, retry_count: int, **headers: str) -> httpx.Response:
    """Create a job as a client does that tries for the nth time; what is sent is the same each time."""
    return service.http.post(
        "/v1/fine_tuning/jobs",
        json={"model": "gpt-4o-mini", "training_file": file_id, "metadata": {"test": "retries"}},
        headers={RETRY: str(retry_count), **headers},
    )


@pytest.mark.parametrize("bodies", ["alike", "different"])
async def test_a_hundred_creates_whose_first_answers_are_lost_make_a_hundred_jobs(
    service: ControlPlane, client: openai.OpenAI, lossy: LossyProxy, bodies: str
) -> None:
    file_id = upload(client)
    before = {job["id"] for job in service.all_jobs()}

    async with openai.AsyncOpenAI(base_url=f"{lossy.url}/v1", api_key="sk-none", max_retries=2) as retrying:
        made = await asyncio.gather(
            *(
                retrying.fine_tuning.jobs.create(
                    model="gpt-4o-mini", training_file=file_id, suffix="same" if bodies == "alike" else f"n{number}"
                )
                for number in range(CREATES)
            )
        )

    assert lossy.dropped == CREATES
    assert {job["id"] for job in service.all_jobs()} - before == {job.id for job in made}
    assert len({job.id for job in made}) == CREATES


async def test_a_hundred_creates_with_a_key_whose_first_answers_are_lost_make_a_hundred_jobs(keyed: KeyedPlane) -> None:
    caller = keyed.caller()
    file_id, proxy = caller.upload(lines(CHAT)), LossyProxy(keyed.url)

    async with openai.AsyncOpenAI(base_url=f"{proxy.url}/v1", api_key=caller.key, max_retries=2) as retrying:
        create = partial(retrying.fine_tuning.jobs.create, model="org/model", training_file=file_id)
        made = await asyncio.gather(*(create() for _ in range(CREATES)))
    proxy.close()

    assert proxy.dropped == CREATES
    assert {job["id"] for job in keyed.get("/v1/jobs?owner=*&limit=100")["data"]} == {job.id for job in made}
    assert len({job.id for job in made}) == CREATES
    assert not keyed.get("/v1/jobs?owner=*&limit=100")["has_more"]


def test_two_creates_alike_are_two_jobs(service: ControlPlane, client: openai.OpenAI) -> None:
    file_id = upload(client)

    first, second = (post(service, file_id, 0).json()["id"] for _ in range(2))

    assert first != second
    assert post(service, file_id, 1).json()["id"] == second
    assert post(service, file_id, 2).json()["id"] == second
    assert post(service, file_id, 1).json()["id"] == first


def test_a_retry_of_what_never_arrived_makes_the_job(service: ControlPlane, client: openai.OpenAI) -> None:
    answer = post(service, upload(client), 1)

    assert answer.status_code == 200
    assert answer.json()["status"] == "queued"


def test_a_retry_finds_its_job_after_the_service_was_killed(service: ControlPlane, client: openai.OpenAI) -> None:
    file_id = upload(client)
    made = post(service, file_id, 0).json()["id"]

    service.restart()

    assert post(service, file_id, 1).json()["id"] == made


def test_an_idempotency_key_is_heeded_as_by_the_native_api(service: ControlPlane, client: openai.OpenAI) -> None:
    file_id = upload(client)
    key = {"Idempotency-Key": f"mine-{file_id}"}

    made = [post(service, file_id, 0, **key).json()["id"] for _ in range(3)]

    assert len(set(made)) == 1


def test_the_client_waits_out_a_service_that_is_away(service: ControlPlane) -> None:
    service.kill()
    with client_of(service, max_retries=0) as client, pytest.raises(openai.APIConnectionError):
        client.models.list()
    service.start()
    with client_of(service) as client:
        assert client.models.list().data
