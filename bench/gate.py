"""The same submits with a key asked for and without, to two control planes in turns: what the gate costs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec

from bench.connection import post
from bench.control_plane import control_plane
from bench.figures import Figure
from bench.load import load_in_turns
from bench.processes import ServerProcess
from bench.spec import make_spec

LIMIT = "without keys"


def run(folder: Path) -> list[Figure]:
    """Submit with one client and with 16, on SQLite."""
    with _plane(folder / "open") as open_to_all, _plane(folder / "keyed") as keyed:
        keys: list[str | None] = [None, _train_key(keyed.url)]
        servers = [
            (server, post("/v1/jobs", msgspec.json.encode(make_spec(server.url, folder, key)), key))
            for server, key in zip((open_to_all, keyed), keys, strict=True)
        ]
        limit, alone = load_in_turns(servers, clients=1, rounds=10, requests=100)
        crowd_limit, crowd = load_in_turns(servers, clients=16, rounds=8, requests=500)
    return [
        Figure.of("submit with a key, one client", alone.milliseconds, LIMIT, limit.milliseconds),
        Figure.of("  CPU a request", alone.cpu_milliseconds, LIMIT, limit.cpu_milliseconds),
        Figure.of("submits with a key, 16 clients", crowd.per_second, LIMIT, crowd_limit.per_second, unit="/s"),
        Figure.of("  latency", crowd.milliseconds, LIMIT, crowd_limit.milliseconds),
        Figure.of("  CPU a request", crowd.cpu_milliseconds, LIMIT, crowd_limit.cpu_milliseconds),
    ]


@contextmanager
def _plane(folder: Path) -> Iterator[ServerProcess]:
    folder.mkdir()
    roots = msgspec.json.encode([str(folder.parent)]).decode()
    with control_plane(folder, f"sqlite:///{folder / 'axo.db'}", AXO_ALLOWED_ROOTS=roots) as server:
        yield server


def _train_key(url: str) -> str:
    """Make an admin's key, with which the service begins to ask for keys, and return one to train with."""
    admin = _new_key(url, {"owner": "admin", "scopes": ["admin"]})
    return _new_key(url, {"owner": "somebody", "scopes": ["train"]}, admin)


def _new_key(url: str, spec: dict[str, object], admin: str | None = None) -> str:
    headers = {} if admin is None else {"Authorization": f"Bearer {admin}"}
    key: str = httpx.post(f"{url}/v1/keys", json=spec, headers=headers).raise_for_status().json()["key"]
    return key
