"""`axo import openai`: an export of OpenAI's files and jobs becomes jobs here, under the old models' names."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openai
import pytest
from tests.api.control_plane import ControlPlane
from tests.api.standin_worker import StandInWorker
from tests.openai_api.clients import CHAT, PAIRS, assert_as_typed, lines
from tests.waiting import wait_for

from axo_contracts.lifecycle import EndReason

Import = Callable[..., subprocess.CompletedProcess[str]]

_numbers = iter(range(1, 1000))


@pytest.fixture
def run_import(service: ControlPlane, tmp_path: Path) -> Import:
    """Runs `axo import openai` on the export in `tmp_path`."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "axo_cli", "import", "openai", str(tmp_path), *arguments],
            env={**os.environ, "AXO_URL": service.url},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def old_file(folder: Path, filename: str = "rows.jsonl", rows: list[dict[str, Any]] = CHAT) -> dict[str, Any]:
    """Put a file into an export by its id and return OpenAI's object of it."""
    content = lines([*rows, rows[next(_numbers) % len(rows)]])
    found = {"id": f"file-Old{next(_numbers)}", "object": "file", "filename": filename, "bytes": len(content)}
    (folder / str(found["id"])).write_bytes(content)
    return found


def old_job(file: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Return OpenAI's object of a job that succeeded."""
    number = next(_numbers)
    model = fields.get("model", "gpt-4o-mini-2024-07-18")
    supervised = {"hyperparameters": {"n_epochs": 2, "batch_size": 1, "learning_rate_multiplier": 1.8}}
    return {
        "id": f"ftjob-Old{number}",
        "object": "fine_tuning.job",
        "created_at": 1_700_000_000 + number,
        "model": model,
        "status": "succeeded",
        "fine_tuned_model": f"ft:{model}:my-org:mine:Old{number}",
        "training_file": file["id"],
        "validation_file": None,
        "seed": 7,
        "metadata": {"team": "blue"},
        "method": {"type": "supervised", "supervised": supervised, "dpo": None},
        "integrations": [],
        **fields,
    }


def write(folder: Path, jobs: list[dict[str, Any]], files: list[dict[str, Any]]) -> None:
    """Write an export's lists: one as an array, one as the API's envelope."""
    (folder / "jobs.json").write_text(json.dumps(jobs))
    (folder / "files.json").write_text(json.dumps({"object": "list", "data": files, "has_more": False}))


def outcomes(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    """Return what became of each old job."""
    assert done.returncode in {0, 1}, done.stderr
    return {outcome["job"]: outcome for outcome in json.loads(done.stdout)["jobs"]}


def test_an_exports_jobs_are_queued_with_what_they_were_asked_with(
    run_import: Import, service: ControlPlane, client: openai.OpenAI, tmp_path: Path
) -> None:
    chat, pairs = old_file(tmp_path), old_file(tmp_path, rows=PAIRS)
    wandb = {"type": "wandb", "wandb": {"project": "tuned", "name": None, "entity": None, "tags": ["old"]}}
    tuned = old_job(chat, validation_file=chat["id"], integrations=[wandb])
    dpo = {"type": "dpo", "dpo": {"hyperparameters": {"beta": 0.2, "n_epochs": 1}}}
    preferred = old_job(pairs, model="gpt-4.1-2025-04-14", method=dpo)
    write(tmp_path, [preferred, tuned], [chat, pairs])

    done = run_import("--base", "gpt-4.1=org/other", "--json")

    assert done.returncode == 0, done.stdout
    made = {old: client.fine_tuning.jobs.retrieve(one["new_job"]) for old, one in outcomes(done).items()}
    first, second = made[tuned["id"]], made[preferred["id"]]
    assert list(made) == [tuned["id"], preferred["id"]]
    assert (first.model, first.seed, first.training_file == first.validation_file) == (tuned["model"], 7, True)
    assert first.metadata == {"team": "blue", "openai_job": tuned["id"]}
    assert first.hyperparameters.model_dump() == tuned["method"]["supervised"]["hyperparameters"]
    assert service.job(first.id)["name"] == "mine"
    [tracker] = service.job(first.id)["spec"]["integrations"]
    assert (tracker["type"], tracker["project"], tracker["tags"]) == ("wandb", "tuned", ["old"])
    assert service.job(second.id)["spec"]["base_model"] == "org/other"
    assert service.job(second.id)["spec"]["method"]["rl_beta"] == 0.2
    file = client.files.retrieve(first.training_file)
    assert (file.bytes, file.filename) == (chat["bytes"], f"{chat['id']}.jsonl")


def test_a_dry_run_says_what_would_be_done_and_does_nothing(
    run_import: Import, service: ControlPlane, client: openai.OpenAI, tmp_path: Path
) -> None:
    file = old_file(tmp_path)
    good, unmapped, missing = old_job(file), old_job(file, model="gpt-4.1"), old_job({"id": "file-Gone"})
    failed = old_job(file, status="failed", fine_tuned_model=None)
    write(tmp_path, [good, unmapped, missing, failed], [file])
    before = len(service.all_jobs()), [one.id for one in client.files.list()]

    done = run_import("--dry-run", "--json")

    assert done.returncode == 1
    became = outcomes(done)
    assert [one["became"] for one in became.values()] == ["would be queued", "cannot", "cannot", "skipped"]
    assert "--base gpt-4.1=org/model" in became[unmapped["id"]]["why"]
    assert "file-Gone.jsonl" in became[missing["id"]]["why"]
    assert "--all" in became[failed["id"]]["why"]
    assert (len(service.all_jobs()), [one.id for one in client.files.list()]) == before


def test_an_import_goes_on_behind_a_failure_and_doubles_nothing(
    run_import: Import, service: ControlPlane, client: openai.OpenAI, tmp_path: Path
) -> None:
    file = old_file(tmp_path)
    wrong = old_job(file, method={"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 0}}})
    good = old_job(file)
    write(tmp_path, [wrong, good], [file])

    first = run_import("--json")
    second = run_import("--json")

    assert (first.returncode, second.returncode) == (1, 1)
    assert [one["became"] for one in outcomes(first).values()] == ["failed", "queued"]
    assert "n_epochs" in outcomes(first)[wrong["id"]]["why"]
    assert [one["became"] for one in outcomes(second).values()] == ["failed", "there already"]
    assert outcomes(second)[good["id"]]["new_job"] == outcomes(first)[good["id"]]["new_job"]
    assert sum(job["metadata"].get("openai_job") == good["id"] for job in map(_spec, service.all_jobs())) == 1
    assert sum(one.bytes == file["bytes"] and file["id"] in one.filename for one in client.files.list()) == 1


def test_the_old_name_is_that_of_the_new_model_and_can_be_trained_on(
    run_import: Import, service: ControlPlane, client: openai.OpenAI, worker: StandInWorker, tmp_path: Path
) -> None:
    file = old_file(tmp_path)
    old = old_job(file)
    further = old_job(file, model=old["fine_tuned_model"])
    write(tmp_path, [old, further], [file])
    done = run_import("--json")
    assert "import again" in outcomes(done)[further["id"]]["why"]
    job_id = outcomes(done)[old["id"]]["new_job"]
    with pytest.raises(openai.NotFoundError, match="has none"):
        client.models.retrieve(old["fine_tuned_model"])

    run = worker.run_next()
    run.saves(2)
    run.finishes(EndReason.COMPLETED)
    wait_for(lambda: client.fine_tuning.jobs.retrieve(job_id).status == "succeeded", "the job to succeed")

    model = client.models.retrieve(old["fine_tuned_model"])
    assert_as_typed(model)
    new_name = client.fine_tuning.jobs.retrieve(job_id).fine_tuned_model
    assert (model.id, model.to_dict()["alias_of"]) == (old["fine_tuned_model"], new_name)
    assert {old["fine_tuned_model"], new_name} <= {one.id for one in client.models.list()}
    again = outcomes(run_import("--json"))[further["id"]]
    assert again["became"] == "queued"
    order = worker.run_next().order
    assert order.job_id == again["new_job"]
    assert order.config["base_model"] == "org/tiny"
    assert order.config["lora_model_dir"] == f"../../../{job_id}/attempts/1/outputs"
    assert client.fine_tuning.jobs.retrieve(again["new_job"]).model == old["fine_tuned_model"]
    with pytest.raises(openai.ConflictError, match="is needed by"):
        client.models.delete(str(new_name))
    assert client.models.delete(old["fine_tuned_model"]).deleted
    assert client.models.retrieve(str(new_name)).id == new_name


def test_a_line_that_is_broken_is_named_and_the_others_are_read(run_import: Import, tmp_path: Path) -> None:
    file = old_file(tmp_path)
    (tmp_path / "files").mkdir()
    (tmp_path / str(file["id"])).rename(tmp_path / "files" / "rows.jsonl")
    (tmp_path / "jobs.jsonl").write_text(f'{json.dumps(old_job(file))}\n{{"id": "ftjob-Brok\n[3]\n')
    (tmp_path / "files.jsonl").write_text(json.dumps(file))

    done = run_import()

    assert done.returncode == 1
    assert "jobs.jsonl, line 2: it is not JSON" in done.stderr
    assert "jobs.jsonl, line 3: it is no object" in done.stderr
    assert "1 queued" in done.stdout


def test_a_file_that_is_not_the_one_that_was_exported_is_refused(run_import: Import, tmp_path: Path) -> None:
    file = old_file(tmp_path)
    job = old_job(file)
    write(tmp_path, [job], [file | {"bytes": 3}])

    done = run_import("--json")

    assert f"and {file['id']} had 3" in outcomes(done)[job["id"]]["why"]


@pytest.mark.parametrize(
    ("content", "arguments", "words"),
    [
        (None, (), "neither jobs.json nor jobs.jsonl"),
        ('[{"id": "ftjob-1"', (), "jobs.json is not JSON"),
        ("[]", ("--base", "gpt-4o-mini"), "write NAME=MODEL"),
    ],
)
def test_what_is_no_export_is_said_in_a_sentence(
    run_import: Import, tmp_path: Path, content: str | None, arguments: tuple[str, ...], words: str
) -> None:
    if content is not None:
        (tmp_path / "jobs.json").write_text(content)

    done = run_import(*arguments)

    assert (done.returncode, words in done.stderr) == (2, True), done.stderr


def test_a_name_can_be_moved_and_stands_for_nothing_of_ours(service: ControlPlane, client: openai.OpenAI) -> None:
    job_ids = [service.submit(), service.submit()]

    moved = [service.http.put("/v1/models/ft:a%2Fb@prod", json={"job_id": job_id}) for job_id in (*job_ids, job_ids[1])]

    assert [answer.json()["job_id"] for answer in moved] == [*job_ids, job_ids[1]]
    assert moved[1].json() == moved[2].json()
    own = f"ft:org/model:local::{job_ids[0].removeprefix('ftjob-')}"
    refused = [service.http.put(f"/v1/models/{name}", json={"job_id": job_ids[0]}) for name in (own, "plain")]
    assert [answer.status_code for answer in refused] == [400, 400]
    assert service.http.put("/v1/models/gpt-4o-mini", json={"job_id": job_ids[0]}).status_code == 409
    assert service.http.put("/v1/models/ft:x", json={"job_id": "ftjob-none"}).status_code == 404


def _spec(job: dict[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any] = job["spec"]
    return spec
