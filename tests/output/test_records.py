"""What the database has of a job's output: events, config and checkpoints."""

from typing import Any

import yaml
from tests.journals.speech import MOMENT
from tests.output.job_under_test import JobUnderTest

from axo_api.tables import attempts, checkpoints, job_events
from axo_contracts.lifecycle import JobStatus


def test_events_are_paged_newest_last(job: JobUnderTest) -> None:
    job.has(job_events, *(_event(status) for status in (JobStatus.STARTING, JobStatus.RUNNING, JobStatus.SUCCEEDED)))

    first = job.get("events", params={"limit": 3}).json()
    rest = job.get("events", params={"after": first["last_id"]}).json()

    assert [event["status"] for event in first["data"]] == ["queued", "starting", "running"]
    assert first["has_more"] is True
    assert [event["status"] for event in rest["data"]] == ["succeeded"]
    assert rest["has_more"] is False


def test_the_config_before_the_first_attempt_is_what_is_known_by_then(job: JobUnderTest) -> None:
    answer = job.get("config")

    assert answer.headers["content-type"].startswith("application/yaml")
    assert answer.text.startswith("# Not placed on a worker yet")
    assert yaml.safe_load(answer.text)["base_model"] == "org/model"
    assert "bf16" not in yaml.safe_load(answer.text)


def test_the_config_of_an_attempt_is_what_it_ran_with(job: JobUnderTest) -> None:
    job.has(attempts, _attempt(1, bf16=False), _attempt(2, bf16=True))

    assert yaml.safe_load(job.get("config").text) == {"base_model": "org/model", "bf16": True}
    assert yaml.safe_load(job.get("config", params={"attempt": 1}).text)["bf16"] is False
    missing = job.get("config", params={"attempt": 3})
    assert missing.status_code == 404
    assert "no attempt 3" in missing.json()["error"]["message"]


def test_checkpoints_say_whether_they_are_still_there(job: JobUnderTest) -> None:
    job.has(checkpoints, _checkpoint(job, 10), _checkpoint(job, 20))
    (job.attempt(1) / "outputs" / "checkpoint-20").mkdir(parents=True)

    found = job.get("checkpoints").json()["data"]

    assert [(one["step"], one["available"]) for one in found] == [(10, False), (20, True)]
    assert found[1]["path"] == "outputs/checkpoint-20"


def _event(status: JobStatus) -> dict[str, Any]:
    return {"time": MOMENT, "status": status, "attempt": 1, "message": ""}


def _attempt(number: int, **options: bool) -> dict[str, Any]:
    return {
        "attempt": number,
        "worker_id": "host",
        "boot_id": "boot",
        "gpus": [],
        "config": {"base_model": "org/model", **options},
        "placed_at": MOMENT,
    }


def _checkpoint(job: JobUnderTest, step: int) -> dict[str, Any]:
    path = f"outputs/checkpoint-{step}"
    return {"id": f"{job.id[-20:]}{step}", "attempt": 1, "step": step, "path": path, "bytes": 9, "created_at": MOMENT}
