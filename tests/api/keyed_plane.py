"""A control plane that asks for keys, and the owners that a test gives keys to."""

import os
import subprocess
import sys
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from tests.api.control_plane import ControlPlane
from tests.api_process import SPEC
from tests.redis_server import RedisServer

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with a key."""

    owner: str
    key_id: str
    key: str
    http: httpx.Client

    def submit(self, **fields: Any) -> str:
        """Submit a job and return its id."""
        answer = self.http.post("/v1/jobs", json=SPEC | fields)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def upload(self, content: bytes) -> str:
        """Upload a file and return its id."""
        answer = self.http.post("/v1/files", files={"file": ("rows.jsonl", content)}, data={"purpose": "fine-tune"})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])


class KeyedPlane(ControlPlane):
    """Its first key, an admin's, was made by the command on its host; `http` sends it."""

    def __init__(self, home: Path, redis_server: RedisServer, database_url: str, **settings: str) -> None:
        super().__init__(home, redis_server, database_url, **settings)
        self._clients: list[httpx.Client] = []

    def close(self) -> None:
        super().close()
        for client in self._clients:
            client.close()

    def create_first_key(self) -> None:
        """Make the admin's key, with which all others are made."""
        key = self.keys("create", "--owner", "admin", "--scope", "admin").stdout.strip()
        self.http.headers["Authorization"] = f"Bearer {key}"

    def keys(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `python -m axo_api keys …` to its end, which must be a good one."""
        done = axo_api(self.settings, "keys", *arguments)
        assert done.returncode == 0, done.stderr
        return done

    def caller(self, *scopes: str, owner: str = "", **fields: Any) -> Caller:
        """Return somebody with a new key; left out, the owner is one whom no other test knows."""
        spec = {"owner": owner or f"owner-{next(_numbers):04}", "scopes": scopes or ["train"], **fields}
        answer = self.http.post("/v1/keys", json=spec)
        assert answer.status_code == 201, answer.text
        key = answer.json()
        return Caller(key["owner"], key["id"], key["key"], self.client(key["key"]))

    def client(self, key: str | None) -> httpx.Client:
        """Return a client that sends a key; None: that sends none."""
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        client = httpx.Client(base_url=self.url, headers=headers, timeout=30)
        self._clients.append(client)
        return client


def axo_api(settings: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m axo_api` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "axo_api", *arguments],
        env=os.environ | settings,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
