"""What the database has of a job's output: metrics, events, config and checkpoints."""

from typing import Any

import pytest
import yaml
from tests.journals.speech import MOMENT
from tests.output.job_under_test import JobUnderTest

from axo_api.tables import attempts, checkpoints, job_events, metrics
from axo_contracts.lifecycle import JobStatus


def test_metrics_are_one_point_a_step_in_order(job: JobUnderTest) -> None:
    job.has(metrics, _metric(1, 1, 5, loss=2.0), _metric(1, 2, 10, loss=1.5), _metric(1, 3, 10, eval_loss=1.4))

    answer = job.get("metrics").json()

    assert [(point["step"], point["values"]) for point in answer["data"]] == [
        (5, {"loss": 2.0}),
        (10, {"loss": 1.5, "eval_loss": 1.4}),
    ]
    assert answer["has_more"] is False


def test_after_a_resume_the_newest_attempts_points_count(job: JobUnderTest) -> None:
    job.has(metrics, *(_metric(1, step, step, loss=1.0) for step in range(1, 9)))
    job.has(metrics, *(_metric(2, step, step, loss=2.0) for step in range(5, 7)))

    points = job.get("metrics").json()["data"]

    assert [(point["step"], point["attempt"]) for point in points] == [(1, 1), (2, 1), (3, 1), (4, 1), (5, 2), (6, 2)]


def test_metrics_are_chosen_by_name_and_paged_by_step(job: JobUnderTest) -> None:
    rows = [_metric(1, step, step, **({"eval_loss": step} if step % 10 == 0 else {"loss": step})) for step in range(60)]
    job.has(metrics, *rows)

    first = job.get("metrics", params={"names": "eval_loss", "limit": 4}).json()
    rest = job.get("metrics", params={"names": "eval_loss", "from_step": first["data"][-1]["step"] + 1}).json()

    assert [point["step"] for point in first["data"]] == [0, 10, 20, 30]
    assert first["has_more"] is True
    assert [point["step"] for point in rest["data"]] == [40, 50]
    assert rest["has_more"] is False


def test_a_loss_that_is_no_number_is_null_and_named(job: JobUnderTest) -> None:
    job.has(metrics, {**_metric(1, 1, 1), "values": {"loss": None}, "non_finite": {"loss": "nan"}})

    point = job.get("metrics").json()["data"][0]

    assert (point["values"], point["non_finite"]) == ({"loss": None}, {"loss": "nan"})


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


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"from_step": -1}, {"limit": "many"}])
def test_metrics_asked_for_wrongly_name_the_parameter(job: JobUnderTest, wrong: dict[str, Any]) -> None:
    answer = job.get("metrics", params=wrong)

    assert answer.status_code == 422
    assert answer.json()["error"]["param"] == next(iter(wrong))


def _metric(attempt: int, seq: int, step: int, **values: float) -> dict[str, Any]:
    return {
        "attempt": attempt,
        "seq": seq,
        "step": step,
        "max_steps": 100,
        "epoch": step / 100,
        "time": MOMENT,
        "values": values,
        "non_finite": {},
    }


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
