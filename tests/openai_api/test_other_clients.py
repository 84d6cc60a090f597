"""OpenAI's last command line, and its Node package, both unmodified."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import openai
import pytest
from tests.api.control_plane import ControlPlane
from tests.openai_api.clients import CHAT, lines
from tests.openai_api.old_clients import command_line, node_modules

SCRIPT = Path(__file__).with_name("node_client.mjs")


@pytest.fixture(scope="module")
def program() -> Path:
    """The program `openai`."""
    return command_line()


def run(program: Path, service: ControlPlane, *arguments: str) -> Any:
    """Run the command line and return the JSON that it prints."""
    environment = {**os.environ, "OPENAI_API_KEY": "sk-none", "OPENAI_BASE_URL": f"{service.url}/v1"}
    done = subprocess.run(
        [str(program), "api", *arguments], env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout[done.stdout.index("{") :])


def test_the_command_line_uploads_trains_lists_and_cancels(
    service: ControlPlane, client: openai.OpenAI, program: Path, tmp_path: Path
) -> None:
    (tmp_path / "rows.jsonl").write_bytes(lines(CHAT))

    file = run(program, service, "files.create", "-f", str(tmp_path / "rows.jsonl"), "-p", "fine-tune")
    made = [
        run(
            program, service, "fine_tuning.jobs.create", "-m", "gpt-4o-mini", "-F", file["id"], "-s", "cli",
            "-H", '{"n_epochs": 2}',
        )
        for _ in range(2)
    ]  # fmt: skip

    assert (file["status"], file["filename"]) == ("processed", "rows.jsonl")
    assert made[0]["hyperparameters"]["n_epochs"] == 2
    job_id = made[0]["id"]
    assert run(program, service, "fine_tuning.jobs.retrieve", "-i", job_id)["id"] == job_id
    page = run(program, service, "fine_tuning.jobs.list", "-l", "1")
    assert ([job["id"] for job in page["data"]], page["has_more"]) == ([made[1]["id"]], True)
    after = run(program, service, "fine_tuning.jobs.list", "-l", "1", "-a", made[1]["id"])
    assert [job["id"] for job in after["data"]] == [job_id]
    assert run(program, service, "fine_tuning.jobs.list_events", "-i", job_id)["data"]
    assert run(program, service, "fine_tuning.jobs.cancel", "-i", job_id)["status"] == "cancelled"
    assert run(program, service, "models.retrieve", "-i", "gpt-4o-mini")["id"] == "gpt-4o-mini"


def test_the_command_line_says_what_is_wrong(service: ControlPlane, program: Path) -> None:
    environment = {**os.environ, "OPENAI_API_KEY": "sk-none", "OPENAI_BASE_URL": f"{service.url}/v1"}

    command = [str(program), "api", "fine_tuning.jobs.create", "-m", "gpt-4.1", "-F", "file-none"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)

    assert done.returncode != 0
    assert "AXO_BASE_MODELS" in done.stderr


def test_the_node_package_does_what_the_python_one_does(service: ControlPlane, client: openai.OpenAI) -> None:
    command = ["node", str(SCRIPT), str(node_modules()), f"{service.url}/v1"]

    done = subprocess.run(command, capture_output=True, text=True, timeout=120)

    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["file"]["status"] == "processed"
    assert (seen["upload"]["status"], seen["upload"]["file"]["bytes"]) == ("completed", seen["upload"]["bytes"])
    assert (seen["job"]["status"], seen["job"]["object"]) == ("queued", "fine_tuning.job")
    assert seen["listed"][:3] == seen["made"][::-1]
    assert seen["filtered"] == [seen["made"][1]]
    assert (seen["paused"], seen["resumed"], seen["cancelled"]) == ("paused", "queued", "cancelled")
    assert seen["events"][0].startswith("The job was cancelled")
    assert len(seen["events"]) == 4
    assert seen["checkpoints"] == []
    assert "gpt-4o-mini" in seen["models"]
    assert seen["errors"] == {
        "missing": ["NotFoundError", 404, "not_found"],
        "unmapped": ["BadRequestError", 400, "model_not_found"],
        "ended": ["ConflictError", 409, "conflict"],
        "model": ["NotFoundError", 404, "model_not_found"],
    }
