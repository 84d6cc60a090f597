"""A job's metrics over HTTP: series for a plot, and every point as NDJSON or CSV."""

import csv
from typing import Any

import httpx
import msgspec
import pytest
from tests.api_process import ApiProcess
from tests.journals.speech import MOMENT, line
from tests.output.job_under_test import JobUnderTest

from axo_contracts.frames import Metric

NAN, INF = "nan", "inf"


def test_each_metric_is_a_series_by_rising_steps(job: JobUnderTest) -> None:
    job.says(_metric(1, 1, 5, loss=2.0) + _metric(1, 2, 10, loss=1.5) + _metric(1, 3, 10, eval_loss=1.4))

    answer = job.get("metrics").json()

    assert [(series["name"], series["steps"], series["values"]) for series in answer["data"]] == [
        ("loss", [5, 10], [2.0, 1.5]),
        ("eval_loss", [10], [1.4]),
    ]
    assert answer["data"][0]["epochs"] == [0.05, 0.1]
    assert {series["job"] for series in answer["data"]} == {job.id}


def test_after_a_resume_the_newest_attempts_points_count(job: JobUnderTest) -> None:
    first = b"".join(_metric(1, step, step, loss=1.0) for step in range(1, 9))
    job.says(first + b"".join(_metric(2, step, step, loss=2.0) for step in range(5, 7)))

    (series,) = job.get("metrics").json()["data"]
    points = _lines(job.get("metrics", params={"format": "ndjson"}))

    assert (series["steps"], series["values"]) == ([1, 2, 3, 4, 5, 6], [1.0] * 4 + [2.0] * 2)
    assert [(point["step"], point["attempt"]) for point in points] == [(1, 1), (2, 1), (3, 1), (4, 1), (5, 2), (6, 2)]


def test_a_series_is_thinned_to_the_points_asked_for_and_loses_no_extreme(job: JobUnderTest) -> None:
    values = [1 + (step % 7) / 10 for step in range(5000)]
    values[1234], values[4321] = 50.0, -50.0
    job.says(b"".join(_metric(1, step + 1, step, loss=value) for step, value in enumerate(values)))

    (series,) = job.get("metrics", params={"points": 100}).json()["data"]

    assert len(series["steps"]) <= 100
    assert series["total"] == 5000
    assert (series["steps"][0], series["steps"][-1]) == (0, 4999)
    assert dict(zip(series["steps"], series["values"], strict=True)).items() >= {1234: 50.0, 4321: -50.0}.items()


def test_what_is_no_finite_number_is_null_and_named_and_never_zero(job: JobUnderTest) -> None:
    job.says(
        _metric(1, 1, 1, loss=1.0, grad_norm=INF)
        + _metric(1, 2, 2, loss=NAN)
        + _metric(1, 3, 3, loss=3.0, grad_norm="-inf")
    )

    loss, grad_norm = job.get("metrics").json()["data"]
    points = _lines(job.get("metrics", params={"format": "ndjson"}))
    rows = [*csv.DictReader(job.get("metrics", params={"format": "csv"}).text.splitlines())]

    assert (loss["steps"], loss["values"]) == ([1, 2, 3], [1.0, None, 3.0])
    assert loss["non_finite"] == [{"step": 2, "value": "nan"}]
    assert (grad_norm["steps"], grad_norm["values"]) == ([1, 3], [None, None])
    assert grad_norm["non_finite"] == [{"step": 1, "value": "inf"}, {"step": 3, "value": "-inf"}]
    assert (points[1]["values"], points[1]["non_finite"]) == ({"loss": None}, {"loss": "nan"})
    assert [(row["loss"], row["grad_norm"]) for row in rows] == [("1.0", "inf"), ("nan", ""), ("3.0", "-inf")]


def test_metrics_are_chosen_by_name_and_step(job: JobUnderTest) -> None:
    job.says(b"".join(_metric(1, n + 1, n, **({"eval_loss": n} if n % 10 == 0 else {"loss": n})) for n in range(60)))
    wanted = {"names": "eval_loss, reward", "from_step": 30}

    eval_loss, reward = job.get("metrics", params=wanted).json()["data"]
    points = _lines(job.get("metrics", params={**wanted, "format": "ndjson"}))

    assert (eval_loss["name"], eval_loss["steps"], eval_loss["total"]) == ("eval_loss", [30, 40, 50], 3)
    assert (reward["name"], reward["steps"], reward["total"]) == ("reward", [], 0)
    assert [point["step"] for point in points] == [30, 40, 50]


@pytest.mark.parametrize(
    ("accept", "begins"),
    [("application/x-ndjson", b'{"job":"ftjob'), ("text/csv", b"job,step,epoch,attempt,time,loss\n")],
)
def test_the_accept_header_asks_for_full_resolution(job: JobUnderTest, accept: str, begins: bytes) -> None:
    job.says(b"".join(_metric(1, step, step, loss=1 / step) for step in range(1, 3000)))

    answer = job.get("metrics", headers={"Accept": accept}, params={"points": 10})

    assert answer.headers["content-type"].startswith(accept)
    assert answer.content.startswith(begins)
    assert len(answer.content.splitlines()) == 2999 + accept.endswith("csv")
    assert repr(1 / 2999) in answer.text


def test_several_jobs_are_compared_in_one_answer(api: ApiProcess, job: JobUnderTest) -> None:
    other = JobUnderTest(api)
    job.says(_metric(1, 1, 1, loss=1.0))
    other.says(_metric(1, 1, 1, loss=2.0) + _metric(1, 2, 2, eval_loss=2.5))
    url, both = f"{api.url}/v1/metrics", {"jobs": f"{job.id},{other.id}"}

    series = api.http.get(url, params={**both, "names": "loss", "points": 500}).json()["data"]
    rows = [*csv.DictReader(api.http.get(url, params={**both, "format": "csv"}).text.splitlines())]

    assert [(one["job"], one["values"]) for one in series] == [(job.id, [1.0]), (other.id, [2.0])]
    assert [(row["job"], row["loss"], row["eval_loss"]) for row in rows] == [
        (job.id, "1.0", ""),
        (other.id, "2.0", ""),
        (other.id, "", "2.5"),
    ]


def test_a_job_that_is_not_there_is_compared_with_nothing(api: ApiProcess, job: JobUnderTest) -> None:
    answer = api.http.get("/v1/metrics", params={"jobs": f"{job.id},ftjob-none"})

    assert answer.status_code == 404
    assert "ftjob-none" in answer.json()["error"]["message"]


def test_a_job_that_has_measured_nothing_has_no_series(job: JobUnderTest) -> None:
    assert job.get("metrics").json()["data"] == []
    assert job.get("metrics", params={"format": "csv"}).text == "job,step,epoch,attempt,time\n"


@pytest.mark.parametrize("wrong", [{"points": 9}, {"from_step": -1}, {"points": "many"}, {"format": "xml"}])
def test_metrics_asked_for_wrongly_name_the_parameter(job: JobUnderTest, wrong: dict[str, Any]) -> None:
    answer = job.get("metrics", params=wrong)

    assert answer.status_code == 422
    assert answer.json()["error"]["param"] == next(iter(wrong))


def _metric(attempt: int, seq: int, step: int, **said: float | str) -> bytes:
    values = {name: None if isinstance(value, str) else value for name, value in said.items()}
    non_finite = {name: value for name, value in said.items() if isinstance(value, str)}
    numbers: dict[str, Any] = {"attempt": attempt, "seq": seq, "time": MOMENT, "step": step, "max_steps": 100}
    return line(Metric(**numbers, epoch=step / 100, values=values, non_finite=non_finite))


def _lines(answer: httpx.Response) -> list[dict[str, Any]]:
    return [msgspec.json.decode(text) for text in answer.content.splitlines()]
