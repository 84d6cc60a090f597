"""API keys: who is let in, what a key permits, and when it is accepted no longer."""

import hashlib
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import create_engine, select
from tests.api.databases import keyed_on_both_databases
from tests.api.keyed_plane import KeyedPlane
from tests.api_process import SPEC
from tests.journals.speech import logs
from tests.postgres import PostgresServer
from tests.redis_server import RedisServer
from tests.waiting import wait_for

from axo_api.journals.journal import Journal
from axo_api.migrations import upgrade
from axo_api.tables import api_keys
from axo_contracts import storage_paths

KEY = re.compile(r"axo-[\w-]{43}")

REFUSED: dict[str, dict[str, str]] = {
    "none": {},
    "another scheme": {"Authorization": "Basic YTpi"},
    "no key behind the scheme": {"Authorization": "Bearer"},
    "a key that nobody made": {"Authorization": f"Bearer axo-{'a' * 43}"},
    "an OpenAI key": {"Authorization": "Bearer sk-1234"},
    "a very long key": {"Authorization": f"Bearer {'a' * 10_000}"},
}


@keyed_on_both_databases
def test_a_key_is_shown_once_and_the_database_has_its_hash_only(keyed: KeyedPlane) -> None:
    key = keyed.caller("train", "unsafe_code", name="for the tests")

    assert KEY.fullmatch(key.key)
    rows = _stored(keyed)
    (row,) = [row for row in rows if row["id"] == key.key_id]
    assert row["hash"] == hashlib.sha256(key.key.encode()).hexdigest()
    assert key.key not in str(rows)
    assert key.key not in keyed.http.get("/v1/keys?limit=100").text


@keyed_on_both_databases
def test_a_key_opens_the_service_and_its_use_is_noted(keyed: KeyedPlane) -> None:
    caller = keyed.caller()

    assert caller.http.get("/v1/jobs").status_code == 200

    wait_for(lambda: _listed(keyed, caller.key_id)["last_used_at"], "the use of the key to be noted")


@pytest.mark.parametrize("headers", REFUSED.values(), ids=REFUSED.keys())
def test_without_a_key_that_is_known_nobody_is_let_in(keyed: KeyedPlane, headers: dict[str, str]) -> None:
    answer = httpx.get(f"{keyed.url}/v1/jobs", headers=headers)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    error = _error(answer)
    assert (error["code"], error["type"]) == ("invalid_api_key", "invalid_request_error")
    assert "axo keys create" in error["message"]
    assert "aaaa" not in answer.text


def test_a_request_without_a_key_is_refused_before_its_body_is_read(keyed: KeyedPlane) -> None:
    answer = httpx.post(f"{keyed.url}/v1/jobs", content=b"{", headers={"Content-Type": "application/json"})

    assert answer.status_code == 401


@pytest.mark.parametrize("path", ["/healthz", "/docs", "/openapi.json"])
def test_what_says_how_to_get_in_is_open_to_everybody(keyed: KeyedPlane, path: str) -> None:
    assert httpx.get(keyed.url + path).status_code == 200


def test_readiness_is_open_to_everybody(keyed: KeyedPlane) -> None:
    assert httpx.get(f"{keyed.url}/readyz").status_code in {200, 503}


@pytest.mark.parametrize("path", ["/", "/v2", "/v1/nothing", "/redoc", "/healthz/", "/v1/jobs/"])
def test_what_there_is_not_is_closed_too(keyed: KeyedPlane, path: str) -> None:
    assert httpx.get(keyed.url + path).status_code == 401


@keyed_on_both_databases
def test_a_key_that_expires_is_accepted_until_then(keyed: KeyedPlane) -> None:
    caller = keyed.caller(expires_at=(datetime.now(UTC) + timedelta(seconds=6)).isoformat())
    assert caller.http.get("/v1/jobs").status_code == 200

    refused = wait_for(lambda: _refused(caller.http), "the key to expire", 30)

    assert _error(refused)["code"] == "invalid_api_key"
    assert "expired at" in _error(refused)["message"]


def test_a_key_is_not_made_to_have_expired(keyed: KeyedPlane) -> None:
    spec = {"owner": "late", "expires_at": "2020-01-01T00:00:00Z"}

    answer = keyed.http.post("/v1/keys", json=spec)

    assert (answer.status_code, _error(answer)["param"]) == (422, "expires_at")


@keyed_on_both_databases
def test_a_key_that_is_revoked_over_http_is_refused_at_once(keyed: KeyedPlane) -> None:
    caller = keyed.caller()
    assert caller.http.get("/v1/jobs").status_code == 200

    revoked = [keyed.http.delete(f"/v1/keys/{caller.key_id}") for _ in range(2)]

    assert [answer.status_code for answer in revoked] == [200, 200]
    assert revoked[0].json() == revoked[1].json()
    assert caller.http.get("/v1/jobs").status_code == 401
    assert "was revoked" in _error(caller.http.get("/v1/jobs"))["message"]
    assert _listed(keyed, caller.key_id)["revoked_at"]


@keyed_on_both_databases
def test_a_key_that_is_revoked_by_another_process_is_refused_within_seconds(keyed: KeyedPlane) -> None:
    caller = keyed.caller()
    assert caller.http.get("/v1/jobs").status_code == 200

    keyed.keys("revoke", caller.key_id)

    wait_for(lambda: _refused(caller.http), "the key to be refused", seconds=4)


def test_a_key_that_there_is_not_cannot_be_revoked(keyed: KeyedPlane) -> None:
    assert keyed.http.delete("/v1/keys/key-0").status_code == 404


def test_a_key_to_read_changes_nothing(keyed: KeyedPlane) -> None:
    reader = keyed.caller("read")
    assert reader.http.get("/v1/jobs").status_code == 200

    answer = reader.http.post("/v1/jobs", json=SPEC)

    assert answer.status_code == 403
    assert 'scope="train"' in answer.headers["www-authenticate"]
    error = _error(answer)
    assert error["code"] == "insufficient_scope"
    assert "lacks the scope 'train', which POST /v1/jobs needs" in error["message"]
    assert "axo keys create --owner NAME --scope train" in error["message"]


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/keys"), ("POST", "/v1/keys"), ("DELETE", "/v1/keys/key-0")])
def test_only_an_admin_sees_to_keys(keyed: KeyedPlane, method: str, path: str) -> None:
    answer = keyed.caller("train", "unsafe_code").http.request(method, path)

    assert (answer.status_code, _error(answer)["code"]) == (403, "insufficient_scope")
    assert "'admin'" in _error(answer)["message"]


def test_a_key_for_unsafe_code_alone_is_refused_because_it_permits_nothing(keyed: KeyedPlane) -> None:
    answer = keyed.http.post("/v1/keys", json={"owner": "somebody", "scopes": ["unsafe_code"]})

    assert (answer.status_code, _error(answer)["param"]) == (422, "scopes")


def test_keys_are_listed_newest_first_page_by_page(keyed: KeyedPlane) -> None:
    made = [keyed.caller(owner="many").key_id for _ in range(3)]

    first = keyed.http.get("/v1/keys?owner=many&limit=2").json()
    second = keyed.http.get(f"/v1/keys?owner=many&limit=2&after={first['last_id']}").json()

    assert [key["id"] for key in first["data"] + second["data"]] == made[::-1]
    assert (first["has_more"], second["has_more"]) == (True, False)


def test_the_headers_of_organization_and_project_must_be_the_keys_own(keyed: KeyedPlane) -> None:
    caller = keyed.caller(owner="acme", organization="org-1", project="proj-1")

    own = caller.http.get("/v1/jobs", headers={"OpenAI-Organization": "org-1", "OpenAI-Project": "proj-1"})
    organization = caller.http.get("/v1/jobs", headers={"OpenAI-Organization": "org-2"})
    project = caller.http.get("/v1/jobs", headers={"OpenAI-Project": "proj-2"})

    assert (own.status_code, own.headers["openai-organization"]) == (200, "org-1")
    assert (organization.status_code, _error(organization)["code"]) == (401, "mismatched_organization")
    assert (project.status_code, _error(project)["code"]) == (401, "mismatched_project")


def test_the_organization_is_the_owner_unless_the_key_says_otherwise(keyed: KeyedPlane) -> None:
    caller = keyed.caller()

    answer = caller.http.get("/v1/jobs", headers={"OpenAI-Organization": caller.owner, "OpenAI-Project": "default"})

    assert answer.headers["openai-organization"] == caller.owner


def test_the_command_lists_keys_without_showing_any(keyed: KeyedPlane) -> None:
    caller = keyed.caller(name="in the list")

    listed = keyed.keys("list").stdout

    (line,) = [line for line in listed.splitlines() if line.startswith(caller.key_id)]
    assert line.split("  ") == [caller.key_id, caller.owner, "train", "never expires", "in the list"]
    assert not KEY.search(listed)


def test_a_database_that_is_away_is_no_reason_to_doubt_a_key(
    own_keyed: KeyedPlane, own_postgres: PostgresServer
) -> None:
    caller, stranger = own_keyed.caller(), own_keyed.client(f"axo-{'a' * 43}")
    assert caller.http.get("/v1/jobs").status_code == 200
    own_postgres.stop()

    forgotten = wait_for(lambda: _answered(caller.http, 503, path="/v1/nothing", fine=404), "the key to be forgotten")
    assert _error(forgotten)["code"] == "unavailable"
    assert stranger.get("/v1/jobs").status_code == 503

    own_postgres.start()
    wait_for(lambda: _answered(caller.http, 200), "the service to answer again")


def test_a_stream_breaks_off_when_its_key_is_revoked(quiet_keyed: KeyedPlane) -> None:
    caller = quiet_keyed.caller()
    job_id = caller.submit()
    journal = Journal.open(quiet_keyed.storage_root / storage_paths.journal(job_id))
    journal.append(logs(1, 1))

    with caller.http.stream("GET", f"/v1/jobs/{job_id}/stream") as answer:
        lines = answer.iter_lines()
        assert "id: " in next(lines)
        quiet_keyed.http.delete(f"/v1/keys/{caller.key_id}").raise_for_status()
        said = 1
        for line in lines:
            if line.startswith("data: "):
                said += 1
                assert said < 2000, "the stream goes on"
                time.sleep(0.01)
                journal.append(logs(said, said))
    journal.close()

    assert _refused(caller.http)


@pytest.fixture
def own_keyed(tmp_path: Path, redis_server: RedisServer, own_postgres: PostgresServer) -> Iterator[KeyedPlane]:
    """A control plane on the Postgres that the test may stop."""
    database_url = own_postgres.new_database()
    upgrade(database_url)
    yield from _running(KeyedPlane(tmp_path, redis_server, database_url))


@pytest.fixture
def quiet_keyed(tmp_path: Path, redis_server: RedisServer) -> Iterator[KeyedPlane]:
    """A control plane whose journals only the test writes."""
    plane = KeyedPlane(tmp_path, redis_server, f"sqlite:///{tmp_path}/axo.db", AXO_RUN_CONTROL_LOOP="false")
    yield from _running(plane)


def _running(plane: KeyedPlane) -> Iterator[KeyedPlane]:
    plane.create_first_key()
    plane.start()
    yield plane
    plane.close()


def _error(answer: httpx.Response) -> dict[str, Any]:
    error: dict[str, Any] = answer.json()["error"]
    assert error["request_id"] == answer.headers["x-request-id"]
    return error


def _refused(http: httpx.Client) -> httpx.Response | None:
    return _answered(http, 401)


def _answered(http: httpx.Client, status: int, path: str = "/v1/jobs", fine: int = 200) -> httpx.Response | None:
    """Return the answer when it has the status that is waited for; until then all must be `fine`."""
    answer = http.get(path)
    assert answer.status_code in {fine, status, 503}, answer.text
    return answer if answer.status_code == status else None


def _listed(plane: KeyedPlane, key_id: str) -> dict[str, Any]:
    keys: list[dict[str, Any]] = plane.http.get("/v1/keys?limit=100").json()["data"]
    return next(key for key in keys if key["id"] == key_id)


def _stored(plane: KeyedPlane) -> list[dict[str, Any]]:
    engine = create_engine(plane.database_url)
    with engine.connect() as connection:
        rows = [dict(row) for row in connection.execute(select(api_keys)).mappings()]
    engine.dispose()
    return rows
