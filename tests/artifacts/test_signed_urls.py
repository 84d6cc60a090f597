"""A URL that downloads one file without a key, and nothing else."""

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.api_process import SPEC, ApiProcess
from tests.waiting import wait_for

from axo_contracts import storage_paths


class Owner:
    """Somebody with a key, and a job of theirs with two files."""

    def __init__(self, api: ApiProcess, key: str) -> None:
        self.http = httpx.Client(base_url=api.url, headers={"Authorization": f"Bearer {key}"}, timeout=30)
        self.job_id = self.http.post("/v1/jobs", json=SPEC).json()["id"]
        outputs = api.storage_root / storage_paths.attempt(self.job_id, 1) / storage_paths.OUTPUTS
        (outputs / "a folder").mkdir(parents=True)
        for name in ("a folder/größe.json", "other.json", "training_args.bin"):
            (outputs / name).write_bytes(name.encode())

    def ask(self, path: str, **body: Any) -> httpx.Response:
        """Ask for a URL."""
        return self.http.post(f"/v1/jobs/{self.job_id}/artifacts/1/{path}/url", json=body)


@pytest.fixture(scope="module")
def keyed_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiProcess]:
    """A running control plane that will ask for keys."""
    process = ApiProcess(tmp_path_factory.mktemp("api"))
    process.start()
    yield process
    process.close()


@pytest.fixture(scope="module")
def owner(keyed_api: ApiProcess) -> Iterator[Owner]:
    """Somebody who is no admin."""
    admin = httpx.post(f"{keyed_api.url}/v1/keys", json={"owner": "admin", "scopes": ["admin"]}).json()["key"]
    headers = {"Authorization": f"Bearer {admin}"}
    key = httpx.post(f"{keyed_api.url}/v1/keys", json={"owner": "somebody"}, headers=headers).json()["key"]
    somebody = Owner(keyed_api, key)
    yield somebody
    somebody.http.close()


def test_it_downloads_its_file_without_a_key(owner: Owner) -> None:
    made = owner.ask("a folder/größe.json", expires_in=60)

    answer = httpx.get(made.json()["url"])
    part = httpx.get(made.json()["url"], headers={"Range": "bytes=2-5"})

    assert made.status_code == 201, made.text
    assert answer.content == "a folder/größe.json".encode()
    assert (part.status_code, part.content) == (206, b"fold")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a%20folder/gr%C3%B6%C3%9Fe.json", "other.json"),
        ("artifacts/1/", "artifacts/2/"),
        ("owner=somebody", "owner=admin"),
        ("expires=", "expires=1"),
        ("signature=", "signature=0"),
    ],
)
def test_whatever_is_changed_in_it_makes_it_worthless(owner: Owner, old: str, new: str) -> None:
    url = owner.ask("a folder/größe.json").json()["url"]
    assert old in url

    answer = httpx.get(url.replace(old, new))

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "invalid_signature")


def test_it_opens_nothing_else(owner: Owner) -> None:
    url = httpx.URL(owner.ask("other.json").json()["url"])

    for path in (f"/v1/jobs/{owner.job_id}", f"/v1/jobs/{owner.job_id}/artifacts", "/v1/jobs"):
        assert httpx.get(url.copy_with(raw_path=f"{path}?{url.query.decode()}".encode())).status_code == 401
    assert httpx.post(f"{url}").status_code == 401


def test_it_expires(owner: Owner) -> None:
    url = owner.ask("other.json", expires_in=1).json()["url"]

    wait_for(lambda: httpx.get(url).status_code == 403, "the URL to expire", 60)

    assert httpx.get(url).json()["error"]["code"] == "signature_expired"


def test_it_is_made_only_for_what_can_be_downloaded_and_for_a_day_at_most(owner: Owner) -> None:
    assert owner.ask("nothing.json").status_code == 404
    assert owner.ask("training_args.bin").status_code == 403
    assert owner.ask("other.json", expires_in=86_401).status_code == 422


def test_it_outlives_a_restart_and_the_key_is_its_owners_alone(keyed_api: ApiProcess, owner: Owner) -> None:
    url = owner.ask("other.json").json()["url"]
    (key,) = (keyed_api.storage_root / "signing").iterdir()

    keyed_api.kill()
    keyed_api.start()

    assert httpx.get(url).content == b"other.json"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_a_key_that_others_may_read_is_not_used(tmp_path: Path) -> None:
    api = ApiProcess(tmp_path)
    api.start()
    api.kill()
    key = api.storage_root / "signing" / "key.pem"
    key.chmod(0o644)

    with pytest.raises(AssertionError, match="chmod 600"):
        api.start()
