"""The compose file and the images: what can be said of them without a container engine."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from axo_api.settings import Settings as ApiSettings
from axo_worker.settings import Settings as WorkerSettings

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
PASSWORDS = {"POSTGRES_PASSWORD": "one", "REDIS_PASSWORD": "two"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The compose file as it is written."""
    read: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return read


def test_compose_accepts_the_file(tmp_path: Path) -> None:
    done = _compose_config(tmp_path, PASSWORDS)

    assert done.returncode == 0, done.stderr


def test_compose_refuses_to_start_without_passwords(tmp_path: Path) -> None:
    done = _compose_config(tmp_path, {})

    assert done.returncode != 0
    assert "set it in .env" in done.stderr


def test_every_setting_in_it_is_one_of_the_service(compose: dict[str, Any]) -> None:
    known = {f"AXO_{name.upper()}" for model in (ApiSettings, WorkerSettings) for name in model.model_fields}

    given = {name for part in compose["services"].values() for name in part["environment"] if name.startswith("AXO_")}

    assert given
    assert given <= known


def test_every_variable_in_it_is_explained() -> None:
    used = set(re.findall(r"\$\{(\w+)", COMPOSE.read_text()))
    explained = set(re.findall(r"^#?(\w+)=", (ROOT / "deploy" / "compose.env.example").read_text(), re.MULTILINE))

    assert used == explained


def test_queue_and_worker_keep_their_promises(compose: dict[str, Any]) -> None:
    worker, redis = compose["services"]["worker"], " ".join(compose["services"]["redis"]["command"])

    assert worker["stop_signal"] == "SIGINT"
    assert worker["deploy"]["resources"]["reservations"]["devices"][0]["capabilities"] == ["gpu"]
    assert "--appendonly yes" in redis
    assert "--maxmemory-policy noeviction" in redis
    assert "--requirepass" in redis


@pytest.mark.parametrize("name", ["Dockerfile.api", "Dockerfile.worker"])
def test_an_image_copies_only_what_there_is(name: str) -> None:
    let_through = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}

    for line in re.findall(r"^COPY (?!--from)(.*)$", (ROOT / name).read_text(), re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert source.split("/")[0] in let_through


def _compose_config(folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    nothing = folder / "empty.env"  # instead of this checkout's .env
    nothing.touch()
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]) and _works([*command, "version"]):
            full = [*command, "-f", str(COMPOSE), "--env-file", str(nothing), "config", "-q"]
            environment = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]} | environment
            return subprocess.run(full, capture_output=True, text=True, check=False, env=environment)
    pytest.skip("neither `docker compose` nor `docker-compose` is installed here")


def _works(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
