"""When keys are asked for, and the refusal to start where they would have to be."""

import httpx
import pytest
from tests.api.conftest import StartControlPlane
from tests.api.control_plane import ControlPlane
from tests.api.keyed_plane import axo_api
from tests.postgres import PostgresServer
from tests.waiting import wait_for

from axo_api.migrations import upgrade

FIRST = ("keys", "create", "--owner", "me", "--scope", "admin")


@pytest.mark.parametrize("settings", [{"AXO_HOST": "0.0.0.0"}, {"AXO_HOST": "::"}, {"AXO_REQUIRE_KEYS": "true"}])
def test_listening_for_others_without_keys_is_refused_with_the_mend(
    empty_database: str, settings: dict[str, str]
) -> None:
    upgrade(empty_database)

    done = axo_api({"AXO_DATABASE_URL": empty_database, "AXO_PORT": "0"} | settings)

    assert done.returncode == 1
    assert "python -m axo_api keys create --owner NAME --scope admin" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_the_first_key_may_be_made_before_there_is_a_database(start_control_plane: StartControlPlane) -> None:
    plane = start_control_plane(AXO_HOST="127.0.0.1")
    plane.kill()
    for path in plane.home.glob("axo.db*"):
        path.unlink()

    done = axo_api(plane.settings, *FIRST)
    plane.settings["AXO_REQUIRE_KEYS"] = "true"
    plane.start()

    assert done.returncode == 0, done.stderr
    assert plane.http.get("/v1/jobs").status_code == 401
    assert _status(plane, done.stdout.strip()) == 200


def test_on_loopback_nobody_needs_a_key_and_any_key_is_taken(plane: ControlPlane) -> None:
    plain = plane.http.get("/v1/jobs")
    with_one = plane.http.get("/v1/jobs", headers={"Authorization": "Bearer sk-1234", "OpenAI-Organization": "org-1"})

    assert (plain.status_code, with_one.status_code) == (200, 200)
    assert plane.job(plane.submit())["owner"] == "local"


@pytest.mark.parametrize("headers", [{"Host": "axo.example.com"}, {"Host": "10.0.0.5:8400"}, {"Host": "[::1"}])
def test_without_keys_only_this_machine_is_answered(plane: ControlPlane, headers: dict[str, str]) -> None:
    answer = plane.http.get("/v1/jobs", headers=headers)

    assert answer.status_code == 401
    assert "AXO_REQUIRE_KEYS=false" in answer.json()["error"]["message"]


@pytest.mark.parametrize("origin", ["https://example.com", "null"])
def test_without_keys_no_page_of_another_site_may_post(plane: ControlPlane, origin: str) -> None:
    files = {"file": ("rows.jsonl", b"{}\n")}

    answer = plane.http.post("/v1/files", files=files, data={"purpose": "fine-tune"}, headers={"Origin": origin})

    assert answer.status_code == 401


def test_without_keys_a_page_of_this_machine_may_ask(plane: ControlPlane) -> None:
    assert plane.http.get("/v1/jobs", headers={"Host": "localhost:1", "Origin": plane.url}).status_code == 200


def test_a_proxy_that_authenticates_can_be_trusted_to(start_control_plane: StartControlPlane) -> None:
    plane = start_control_plane(AXO_REQUIRE_KEYS="false")

    assert plane.http.get("/v1/jobs", headers={"Host": "axo.example.com"}).status_code == 200


def test_from_the_first_key_on_everybody_needs_one(start_control_plane: StartControlPlane) -> None:
    plane = start_control_plane()
    mine = plane.submit()

    key = plane.http.post("/v1/keys", json={"owner": "me", "scopes": ["admin"]}).json()["key"]

    assert plane.http.get("/v1/jobs").status_code == 401
    assert _status(plane, key) == 200
    assert _status(plane, key, f"/v1/jobs/{mine}") == 200


def test_a_service_that_runs_hears_of_the_first_key_within_seconds(start_control_plane: StartControlPlane) -> None:
    plane = start_control_plane()
    assert plane.http.get("/v1/jobs").status_code == 200

    key = axo_api(plane.settings, *FIRST).stdout.strip()

    wait_for(lambda: plane.http.get("/v1/jobs").status_code == 401, "keys to be asked for", seconds=4)
    assert _status(plane, key) == 200


def test_a_service_whose_last_key_was_revoked_stays_closed(start_control_plane: StartControlPlane) -> None:
    plane = start_control_plane()
    made = plane.http.post("/v1/keys", json={"owner": "me", "scopes": ["admin"]}).json()
    headers = {"Authorization": f"Bearer {made['key']}"}

    plane.http.delete(f"/v1/keys/{made['id']}", headers=headers).raise_for_status()
    plane.restart()

    assert plane.http.get("/v1/jobs").status_code == 401


def test_the_first_key_must_be_an_admins_or_nobody_could_make_another(plane: ControlPlane) -> None:
    answer = plane.http.post("/v1/keys", json={"owner": "me", "scopes": ["train"]})
    done = axo_api(plane.settings, "keys", "create", "--owner", "me")

    assert (answer.status_code, answer.json()["error"]["param"]) == (422, "scopes")
    assert done.returncode == 1
    assert done.stderr.startswith("scopes: the first key needs the scope admin")
    assert plane.get("/v1/keys")["data"] == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    {
        "no owner": (["create"], "--owner"),
        "an owner that fits no model's name": (["create", "--owner", "A B"], "--owner: String should match pattern"),
        "no such scope": (["create", "--owner", "me", "--scope", "root"], "invalid choice: 'root'"),
        "no such time": (["create", "--owner", "me", "--expires", "soon"], "'soon' is no time; write 12h, 90d"),
        "a time that has passed": (["create", "--owner", "me", "--expires", "2020-01-01"], "expires_at: it has passed"),
        "no such key": (["revoke", "key-0"], "There is no key 'key-0'"),
    }.values(),
)
def test_what_is_wrong_with_a_command_is_one_sentence(plane: ControlPlane, arguments: list[str], sentence: str) -> None:
    done = axo_api(plane.settings, "keys", *arguments)

    assert done.returncode != 0
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_the_command_says_when_the_database_was_not_migrated(postgres: PostgresServer) -> None:
    done = axo_api({"AXO_DATABASE_URL": postgres.new_database()}, *FIRST)

    assert done.returncode == 1
    assert "python -m axo_api migrate" in done.stderr
    assert "Traceback" not in done.stderr


def _status(plane: ControlPlane, key: str, path: str = "/v1/jobs") -> int:
    return httpx.get(plane.url + path, headers={"Authorization": f"Bearer {key}"}).status_code
