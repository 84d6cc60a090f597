"""`axo keys` against a service, and what the other commands say when they lack a key."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

from tests.api.keyed_plane import KeyedPlane


def test_a_key_that_axo_keys_makes_works_until_it_revokes_it(keyed: KeyedPlane) -> None:
    made = _axo(keyed, "keys", "create", "--owner", "cli", "--scope", "train", "--expires", "12h", "--name", "laptop")
    assert made.returncode == 0, made.stderr
    key, key_id = made.stdout.strip(), made.stderr.split()[0]
    assert _axo(keyed, "list", AXO_API_KEY=key).returncode == 0

    listed = json.loads(_axo(keyed, "keys", "list", "--owner", "cli", "--json").stdout)["data"][0]
    shown = _axo(keyed, "keys", "list", "--owner", "cli").stdout
    revoked = _axo(keyed, "keys", "revoke", key_id)

    assert (listed["id"], listed["name"], listed["scopes"]) == (key_id, "laptop", ["train"])
    assert datetime.fromisoformat(listed["expires_at"]) - datetime.now(UTC) < timedelta(hours=12)
    assert key_id in shown
    assert key not in shown
    assert revoked.stdout == f"{key_id} of cli is revoked.\n"
    assert _axo(keyed, "list", AXO_API_KEY=key).returncode == 1


def test_without_a_key_the_commands_say_where_to_put_one(keyed: KeyedPlane) -> None:
    done = _axo(keyed, "list", AXO_API_KEY="")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("This service asks for an API key")
    assert done.stderr.endswith("Put a key into AXO_API_KEY.\n")


def test_with_a_wrong_key_they_say_where_it_came_from(keyed: KeyedPlane) -> None:
    done = _axo(keyed, "list", AXO_API_KEY="axo-wrong")

    assert done.stderr.endswith("The key is taken from AXO_API_KEY.\n")
    assert "axo-wrong" not in done.stderr


def test_a_key_that_lacks_a_scope_is_told_which(keyed: KeyedPlane) -> None:
    done = _axo(keyed, "keys", "list", AXO_API_KEY=keyed.caller().key)

    assert done.returncode == 1
    assert "lacks the scope 'admin'" in done.stderr


def test_a_time_that_is_none_is_refused_before_the_service_is_asked(keyed: KeyedPlane) -> None:
    done = _axo(keyed, "keys", "create", "--owner", "cli", "--expires", "soon")

    assert done.returncode == 2
    assert done.stderr.startswith("--expires: 'soon' is no time")


def test_the_queue_says_how_many_jobs_of_others_wait(keyed: KeyedPlane) -> None:
    keyed.caller().submit()

    done = _axo(keyed, "queue", AXO_API_KEY=keyed.caller().key)

    assert done.stdout.startswith("Nothing of yours waits.\n")
    assert "of other owners wait too." in done.stdout


def _axo(plane: KeyedPlane, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run an `axo` command, by default with the admin's key."""
    admin = plane.http.headers["Authorization"].removeprefix("Bearer ")
    return subprocess.run(
        [sys.executable, "-m", "axo_cli", *arguments],
        env={**os.environ, "AXO_URL": plane.url, "AXO_API_KEY": admin, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
