"""Every object has an owner: to everybody else but an admin it is as if it were not there."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from sqlalchemy import create_engine, insert, update
from tests.api.conftest import StartControlPlane
from tests.api.databases import keyed_on_both_databases
from tests.api.hooks import make_hook
from tests.api.keyed_plane import Caller, KeyedPlane
from tests.api.standin_worker import StandInWorker
from tests.api_process import SPEC
from tests.waiting import wait_for

from axo_api.clock import now
from axo_api.openapi import document
from axo_api.tables import checkpoints, jobs
from axo_contracts import storage_paths
from axo_contracts.ids import CHECKPOINT, new_id

ROWS = b'{"messages": [{"role": "user", "content": "2 + 2?"}, {"role": "assistant", "content": "4"}]}\n' * 3
SECRET = "the-name-of-a-secret-project"
GRADER = {"type": "string_check", "name": "right", "operation": "eq", "input": "4", "reference": "4"}
SHARED = {"/v1/workers", "/v1/models", "/v1/schema", "/v1/webhook_event_types", "/metrics"}
"""What is the same to everybody, but for the ids in it."""
WITHOUT_IDS = {
    "after",
    "limit",
    "owner",
    "status",
    "purpose",
    "events",
    "tail",
    "names",
    "from_step",
    "attempt",
    "rows",
    "name",
    "priority",
    "gpus",
    "filename",
    "version",
    "order",
    "metadata",
    "project_id",
    "points",
    "format",
    "path",
    "force",
}
"""The query parameters that name no object."""
IN_QUERY = {"with", "jobs"}
"""Those that do; `Things.named` has one for each."""
BODIES: dict[str, dict[str, Any]] = {
    "POST /v1/jobs": {"json": SPEC},
    "POST /v1/jobs/plan": {"json": SPEC},
    "POST /v1/files/{file_id}/preview": {"json": {"base_model": "org/model"}},
    "POST /v1/fine_tuning/checkpoints/{checkpoint}/permissions": {"json": {"project_ids": ["proj_other"]}},
    "POST /v1/fine_tuning/alpha/graders/run": {"json": {"grader": GRADER, "model_sample": "4"}},
    "POST /v1/fine_tuning/alpha/graders/validate": {"json": {"grader": GRADER}},
    "POST /v1/jobs/{job_id}/artifacts/{attempt}/{path}/url": {"json": {}},
    "POST /v1/webhook_endpoints": {"json": {"url": "https://127.0.0.1/hook"}},
    "POST /v1/webhook_endpoints/{endpoint_id}": {"json": {"name": "another name"}},
    "POST /v1/webhook_endpoints/{endpoint_id}/test": {"json": {"event_type": "fine_tuning.job.succeeded"}},
    "POST /v1/uploads": {
        "json": {"bytes": 1, "filename": "rows.jsonl", "mime_type": "text/plain", "purpose": "fine-tune"}
    },
    "POST /v1/uploads/{upload_id}/parts": {"files": {"data": ROWS}},
    "POST /v1/uploads/{upload_id}/complete": {"json": {"part_ids": ["part-none"]}},
    "POST /v1/files/uploads": {"json": {"filename": "rows.jsonl"}},
    "PUT /v1/files/uploads/{upload_id}": {"content": ROWS, "headers": {"Upload-Offset": "0"}},
    "PUT /v1/files": {"content": ROWS, "params": {"filename": "rows.jsonl"}},
    "POST /v1/files": {"files": {"file": ("rows.jsonl", ROWS)}, "data": {"purpose": "fine-tune"}},
}
"""What a request is sent with where it needs a body; without one, the answer would be about the body, not the id."""


CREATE = "POST /v1/fine_tuning/jobs"
"""Names a file in its body, and no thing otherwise."""


ASKING: dict[str, dict[str, Any]] = {
    "POST /v1/chat/completions": {"messages": [{"role": "user", "content": "2 + 2?"}]},
    "POST /v1/completions": {"prompt": "2 + 2"},
}
"""Name a model in their bodies, beside what is here."""


class Route(NamedTuple):
    """One operation of the OpenAPI file."""

    method: str
    path: str
    operation: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_admins(self) -> bool:
        return self.operation.get("security") == [{"api_key": ["admin"]}]

    @property
    def is_open(self) -> bool:
        return "security" not in self.operation

    @property
    def names_things(self) -> bool:
        return bool(self.name in ASKING or self.parameters("path") or IN_QUERY.intersection(self.parameters("query")))

    def parameters(self, place: str) -> list[str]:
        return [one["name"] for one in self.operation.get("parameters", []) if one["in"] == place]


def _routes() -> Iterator[Route]:
    for path, operations in json.loads(document())["paths"].items():
        for method, operation in operations.items():
            yield Route(method.upper(), path, operation)


ROUTES = [route for route in _routes() if not route.is_open]
each_route = pytest.mark.parametrize("route", ROUTES, ids=[route.name for route in ROUTES])


@dataclass(frozen=True, slots=True)
class Things:
    """What one owner has: something behind every path parameter that there is."""

    owner: Caller
    named: dict[str, str]

    def ask(self, asker: httpx.Client, route: Route) -> httpx.Response:
        """Ask for a route with the owner's ids; of a stream, only its first line is read."""
        for name in route.parameters("query"):
            assert name in WITHOUT_IDS | IN_QUERY, f"{route.name}: say in this test what its parameter {name!r} names"
        for name in route.parameters("path"):
            assert name in self.named, f"{route.name}: give `Things` something for its parameter {name!r}"
        body = dict(BODIES.get(route.name, {}))
        if route.name == "PUT /v1/models/{model}":
            body["json"] = {"job_id": self.named["job_id"]}
        if route.name == CREATE:
            body["json"] = {"model": "org/model", "training_file": self.named["file_id"]}
        if route.name in ASKING:
            body["json"] = {"model": self.named["model"], **ASKING[route.name]}
        if ids := {name: self.named[name] for name in IN_QUERY.intersection(route.parameters("query"))}:
            body["params"] = ids
        if route.operation.get("requestBody", {}).get("required"):
            assert body or route.is_admins, f"{route.name}: say in this test which body it takes"
        with asker.stream(route.method, route.path.format(**self.named), **body) as answer:
            if _is_stream(answer):
                next(answer.iter_lines())
            else:
                answer.read()
        return answer


@pytest.fixture(scope="session")
def things_of() -> dict[str, Things]:
    """What was made in each control plane that tests hand on."""
    return {}


@pytest.fixture
def things(keyed: KeyedPlane, things_of: dict[str, Things]) -> Things:
    """What one owner has."""
    if keyed.url not in things_of:
        things_of[keyed.url] = _made(keyed)
    return things_of[keyed.url]


@pytest.fixture
def stranger(keyed: KeyedPlane) -> Caller:
    """Somebody else, who may do everything but an admin's work."""
    return keyed.caller("train", "unsafe_code")


@keyed_on_both_databases
@each_route
def test_whatever_is_asked_for_with_anothers_ids_is_not_there(
    things: Things, stranger: Caller, route: Route, keyed: KeyedPlane
) -> None:
    answer = things.ask(stranger.http, route)

    if route.is_admins:
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "insufficient_scope")
    elif route.names_things:
        assert (answer.status_code, _code(answer)) in {(404, "not_found"), (404, "model_not_found")}
    elif route.name == CREATE:
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, "training_file")
    else:
        assert answer.is_success, answer.text
        assert route.path in SHARED or _is_empty(answer)
    if not route.names_things and route.name != CREATE:
        shown = "" if _is_stream(answer) else answer.text  # test_lifecycle_stream sees to who is told what
        assert not [secret for secret in (SECRET, things.owner.owner, *_ids(things)) if secret in shown]


@each_route
def test_nobody_gets_anywhere_without_a_key(keyed: KeyedPlane, things: Things, route: Route) -> None:
    nobody = keyed.client(None)
    nobody.headers["Host"] = "axo.example.com"  # on this host, /metrics needs no key

    answer = things.ask(nobody, route)

    assert (answer.status_code, _code(answer, "invalid_api_key")) == (401, "invalid_api_key")


@each_route
def test_a_key_to_read_only_reads(keyed: KeyedPlane, things: Things, route: Route) -> None:
    reader = keyed.caller("read", owner=things.owner.owner)

    answer = things.ask(reader.http, route)

    may = route.method in {"GET", "HEAD"} and not route.is_admins
    assert answer.is_success if may else answer.status_code == 403, answer.text


@keyed_on_both_databases
def test_to_its_owner_and_to_an_admin_everything_is_there(keyed: KeyedPlane) -> None:
    """The other tests ask with ids that do name something, and change nothing of it."""
    mine = _made(keyed)
    theirs = _made(keyed)

    mildest_first = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
    takes_all_along = "DELETE /v1/jobs/{job_id}"
    in_order = sorted(ROUTES, key=lambda route: (mildest_first.index(route.method), route.name == takes_all_along))
    for route in in_order:
        if route.names_things and not route.is_admins:
            as_owner, as_admin = mine.ask(mine.owner.http, route), theirs.ask(keyed.http, route)
            assert as_owner.status_code not in {401, 403, 404}, (route.name, as_owner.text)
            assert as_admin.status_code == as_owner.status_code, (route.name, as_admin.text)


def test_a_strangers_requests_have_changed_nothing(things: Things, stranger: Caller) -> None:
    before = _state(things)

    for route in ROUTES:
        things.ask(stranger.http, route)

    assert _state(things) == before


@keyed_on_both_databases
def test_anothers_file_in_a_spec_is_a_file_that_is_not_there(
    keyed: KeyedPlane, things: Things, stranger: Caller
) -> None:
    theirs, nobodys = things.named["file_id"], "file-" + "0" * 26

    answers = [stranger.http.post("/v1/jobs", json=_spec_of(file_id)) for file_id in (theirs, nobodys)]

    assert [answer.status_code for answer in answers] == [422, 422]
    messages = [answer.json()["error"]["message"].replace(theirs, nobodys) for answer in answers]
    assert messages[0] == messages[1]
    assert things.owner.http.post("/v1/jobs", json=_spec_of(theirs)).status_code == 201


@keyed_on_both_databases
def test_two_owners_may_use_the_same_idempotency_key(keyed: KeyedPlane) -> None:
    callers, headers = [keyed.caller(), keyed.caller()], {"Idempotency-Key": "the-same"}

    made = [caller.http.post("/v1/jobs", json=SPEC, headers=headers).json()["id"] for caller in callers]
    again = [caller.http.post("/v1/jobs", json=SPEC, headers=headers).json()["id"] for caller in callers]

    assert made[0] != made[1]
    assert again == made


def test_anothers_job_that_mentions_a_file_does_not_hold_it(keyed: KeyedPlane, stranger: Caller) -> None:
    owner = keyed.caller()
    file_id = owner.upload(ROWS)
    stranger.submit(metadata={"note": file_id})

    assert owner.http.delete(f"/v1/files/{file_id}").status_code == 200


@keyed_on_both_databases
def test_a_queue_counts_the_jobs_of_others_and_shows_ones_own(keyed: KeyedPlane, stranger: Caller) -> None:
    owner = keyed.caller()
    before = owner.http.get("/v1/queue").json()["others"]
    stranger.submit(priority=3)
    mine = owner.submit(priority=2)
    stranger.submit(priority=1)

    queue = owner.http.get("/v1/queue").json()

    assert [job["id"] for job in queue["data"]] == [mine]
    assert queue["others"] == before + 2
    whole = [job["id"] for job in keyed.http.get("/v1/queue?owner=*").json()["data"]]
    assert whole.index(mine) + 1 == queue["data"][0]["position"]


def test_a_worker_shows_ones_own_runs_and_how_busy_it_is(keyed: KeyedPlane, stranger: Caller) -> None:
    owner = keyed.caller()
    mine = owner.submit(priority=100)
    worker = StandInWorker(keyed.redis_server.url, worker_id="shared-host")
    worker.start()
    try:
        wait_for(lambda: owner.http.get(f"/v1/jobs/{mine}").json()["status"] == "starting", "the job to be placed")

        shown = {
            name: next(one for one in http.get("/v1/workers").json()["data"] if one["id"] == "shared-host")
            for name, http in {"owner": owner.http, "stranger": stranger.http, "admin": keyed.http}.items()
        }
        owner.http.post(f"/v1/jobs/{mine}/cancel").raise_for_status()
    finally:
        worker.vanish()

    assert {name: (one["running"], one["busy_slots"]) for name, one in shown.items()} == {
        "owner": ([mine], 1),
        "stranger": ([], 1),
        "admin": ([mine], 1),
    }


@keyed_on_both_databases
@pytest.mark.parametrize("kind", ["jobs", "files"])
def test_an_admin_lists_whose_things_it_says(keyed: KeyedPlane, kind: str) -> None:
    owner, admin = keyed.caller(), keyed.caller("admin")
    made = owner.submit() if kind == "jobs" else owner.upload(ROWS)

    own, theirs, all_of_them = (
        [one["id"] for one in admin.http.get(f"/v1/{kind}{query}").json()["data"]]
        for query in ("", f"?owner={owner.owner}", "?owner=*&limit=100")
    )

    assert (own, theirs) == ([], [made])
    assert made in all_of_them


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/files", "/v1/queue"])
def test_only_an_admin_lists_what_others_have(things: Things, stranger: Caller, path: str) -> None:
    for owner in ("*", things.owner.owner, "nobody-at-all"):
        answer = stranger.http.get(path, params={"owner": owner})

        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "insufficient_scope")


def test_a_job_that_an_admin_retries_stays_its_owners(keyed: KeyedPlane) -> None:
    owner = keyed.caller()
    job_id = owner.submit()
    keyed.http.post(f"/v1/jobs/{job_id}/cancel").raise_for_status()

    retried = keyed.http.post(f"/v1/jobs/{job_id}/retry").json()

    assert retried["owner"] == owner.owner
    assert owner.http.get(f"/v1/jobs/{retried['id']}").status_code == 200


def test_a_path_into_the_storage_gets_nobody_past_the_owners(
    start_control_plane: StartControlPlane, tmp_path: Path
) -> None:
    plane = start_control_plane(AXO_ALLOWED_ROOTS=f'["{tmp_path}"]')
    stored = plane.storage_root / storage_paths.uploaded_file("file-" + "0" * 26)
    stored.parent.mkdir(parents=True)
    stored.write_bytes(ROWS)
    spec = SPEC | {"datasets": [{"source": {"type": "path", "path": str(stored)}}]}
    before_keys = plane.http.post("/v1/jobs", json=spec)
    admin = plane.http.post("/v1/keys", json={"owner": "me", "scopes": ["admin"]}).json()["key"]
    plane.http.headers["Authorization"] = f"Bearer {admin}"
    key = plane.http.post("/v1/keys", json={"owner": "somebody"}).json()["key"]

    answer = plane.http.post("/v1/jobs", json=spec, headers={"Authorization": f"Bearer {key}"})

    assert before_keys.status_code == 201
    assert plane.http.post("/v1/jobs", json=spec).status_code == 201
    assert answer.status_code == 422
    assert "outside of the allowed folders" in answer.json()["error"]["message"]
    for reaching in ({"lora_model_dir": str(stored.parent)}, {"datasets": [{"path": str(tmp_path), "type": "alpaca"}]}):
        config = {"base_model": "org/model", "datasets": [{"path": "org/data", "type": "alpaca"}]} | reaching
        answer = plane.http.post("/v1/jobs", json={"config": config}, headers={"Authorization": f"Bearer {key}"})

        assert answer.status_code == 422
        assert answer.json()["error"]["param"].startswith(f"config.{next(iter(reaching))}")


def _made(plane: KeyedPlane) -> Things:
    owner = plane.caller()
    told = make_hook(owner.http, f"https://127.0.0.1:9/{SECRET}", "axo.job.queued.v1")  # nobody listens there
    job_id, file_id = owner.submit(name=SECRET, metadata={"of": SECRET}), owner.upload(ROWS)
    artifact = plane.storage_root / storage_paths.attempt(job_id, 1) / storage_paths.OUTPUTS / "adapter.safetensors"
    artifact.parent.mkdir(parents=True)
    artifact.write_bytes(b"weights")
    (plane.storage_root / storage_paths.manifest(job_id)).write_bytes(b"{}")
    wait_for(lambda: plane.journal(job_id), "the job's first event to be in its journal")
    upload_id = owner.http.post("/v1/files/uploads", json={"filename": f"{SECRET}.jsonl"}).json()["id"]
    checkpoint = _with_a_checkpoint(plane, owner, job_id)
    shared = owner.http.post(f"/v1/fine_tuning/checkpoints/{checkpoint}/permissions", json={"project_ids": ["proj"]})
    for step in (1, None):  # so that there is a move to undo
        target = {"job_id": job_id, "step": step}
        owner.http.put(f"/v1/models/ft:{owner.owner}@prod", json=target).raise_for_status()
    named = {
        "model": checkpoint.removesuffix(":ckpt-step-1"),
        "alias": f"{owner.owner}@prod",
        "step": "1",
        "checkpoint": checkpoint,
        "permission_id": shared.json()["data"][0]["id"],
        "job_id": job_id,
        "file_id": file_id,
        "with": file_id,
        "jobs": job_id,
        "upload_id": upload_id,
        "endpoint_id": told.id,
        "delivery_id": told.wait_for_delivery("pending", tried=1)["id"],
        "key_id": owner.key_id,
        "attempt": "1",
        "path": "adapter.safetensors",
    }
    return Things(owner, named)


def _with_a_checkpoint(plane: KeyedPlane, owner: Caller, job_id: str) -> str:
    """Have a job leave a model and a checkpoint, as if it had been trained, and return the checkpoint's name."""
    path = "outputs/checkpoint-1"
    checkpoint = {"id": new_id(CHECKPOINT), "job_id": job_id, "attempt": 1, "step": 1, "path": path, "bytes": 1}
    engine = create_engine(plane.database_url)
    with engine.begin() as connection:
        connection.execute(insert(checkpoints).values(**checkpoint, created_at=now()))
        connection.execute(update(jobs).where(jobs.c.id == job_id).values(result_attempt=1))
    engine.dispose()
    (shown,) = owner.http.get(f"/v1/fine_tuning/jobs/{job_id}/checkpoints").json()["data"]
    name: str = shown["fine_tuned_model_checkpoint"]
    return name


def _code(answer: httpx.Response, of_an_empty_body: str = "not_found") -> str:
    """Return the code of an error; the answer to a HEAD has no body to say it."""
    return answer.json()["error"]["code"] if answer.content else of_an_empty_body


def _is_stream(answer: httpx.Response) -> bool:
    kind: str = answer.headers.get("content-type", "")
    return kind.startswith("text/event-stream")


def _is_empty(answer: httpx.Response) -> bool:
    return "json" not in answer.headers["content-type"] or not answer.json().get("data")


def _ids(things: Things) -> list[str]:
    return [name for parameter, name in things.named.items() if parameter.endswith("_id")]


def _state(things: Things) -> list[Any]:
    """Return what the owner sees of all this, but for what time alone changes."""
    http, named = things.owner.http, things.named
    job, file = http.get(f"/v1/jobs/{named['job_id']}").json(), http.get(f"/v1/files/{named['file_id']}").json()
    jobs, files = http.get("/v1/jobs?limit=100").json(), http.get("/v1/files?limit=100").json()
    return [job, file, jobs, files, http.get(f"/v1/files/{named['file_id']}/content").content]


def _spec_of(file_id: str) -> dict[str, Any]:
    return SPEC | {"datasets": [{"source": {"type": "file", "file_id": file_id}}]}
