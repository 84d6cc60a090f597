"""/metrics, read by Prometheus's own parser, after real work of a real control plane."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample
from sqlalchemy import create_engine, insert, select, update
from tests.api.conftest import StartControlPlane
from tests.api.control_plane import ControlPlane
from tests.api.databases import on_both_databases
from tests.api.keyed_plane import KeyedPlane
from tests.api.standin_worker import StandInWorker, worker_state
from tests.waiting import wait_for

from axo_api.clock import now
from axo_api.control.placement import choose, hosts
from axo_api.monitoring.families import waiting_for
from axo_api.monitoring.tallies import count_events, read_tallies
from axo_api.tables import attempts, job_events, jobs, metadata
from axo_api.workers.fleet import Run
from axo_contracts.lifecycle import EndReason, JobStatus
from axo_contracts.resources import Resources

Figures = dict[tuple[str, tuple[tuple[str, str], ...]], float]
ROOT = Path(__file__).parents[2]
FROM_REDIS = ("axo_workers", "axo_frames_waiting", "axo_jobs_waiting")


def figures(plane: ControlPlane) -> Figures:
    """Return what a scrape reads now."""
    answer = plane.http.get("/metrics")
    assert answer.status_code == 200, answer.text
    families = text_string_to_metric_families(answer.text)
    return {key(sample): sample.value for family in families for sample in family.samples}


def key(sample: Sample) -> tuple[str, tuple[tuple[str, str], ...]]:
    return sample.name, tuple(sorted(sample.labels.items()))


def wait_for_figures(plane: ControlPlane, is_so: Callable[[Figures], bool], what: str) -> Figures:
    """Return the figures once they are so: a snapshot serves for a few seconds."""

    def look() -> Figures | None:
        read = figures(plane)
        return read if is_so(read) else None

    return wait_for(look, f"the figures to show {what}", 20)


def of(read: Figures, name: str, **labels: str) -> float:
    return read.get((name, tuple(sorted(labels.items()))), 0.0)


@on_both_databases
def test_jobs_that_ran_are_counted_and_stay_so_through_a_restart(plane: ControlPlane, worker: StandInWorker) -> None:
    plane.restart()  # or it may still give figures of a moment ago
    before = figures(plane)
    good, bad = plane.submit(), plane.submit()
    worker.run_next().finishes()
    worker.run_next().finishes(EndReason.OOM_GPU)
    plane.wait_for_status(bad, "failed")

    def gained(read: Figures, name: str, **labels: str) -> float:
        return of(read, name, **labels) - of(before, name, **labels)

    def both_ended(read: Figures) -> bool:
        return gained(read, "axo_jobs_ended_total", status="failed", reason="oom_gpu") == 1

    read = wait_for_figures(plane, both_ended, "the failed job")
    plane.restart()
    after = wait_for_figures(plane, both_ended, "the failed job")

    assert plane.job(good)["status"] == "succeeded"
    for figures_read in (read, after):
        assert gained(figures_read, "axo_jobs_submitted_total") == 2
        assert gained(figures_read, "axo_jobs_ended_total", status="succeeded", reason="completed") == 1
        assert gained(figures_read, "axo_attempts_ended_total", reason="oom_gpu") == 1
        assert gained(figures_read, "axo_job_wait_seconds_count") == 2
        assert gained(figures_read, "axo_attempt_run_seconds_bucket", le="+Inf") == 2
    assert of(read, "axo_frames_recorded_total") > of(before, "axo_frames_recorded_total")
    assert of(after, "axo_frames_recorded_total") == 0


def test_a_job_that_waits_is_told_with_its_reason(plane: ControlPlane) -> None:
    job_id = plane.submit()

    read = wait_for_figures(plane, lambda read: of(read, "axo_jobs", status="queued") == 1, "the queued job")

    assert of(read, "axo_jobs_waiting", reason="no_worker") == 1
    assert of(read, "axo_queue_oldest_seconds") > 0
    assert of(read, "axo_control_loop_leader") == 1
    plane.http.post(f"/v1/jobs/{job_id}/cancel").raise_for_status()


def test_each_sentence_of_waiting_has_a_label_of_its_own() -> None:
    sick = worker_state("sick", trouble="The trainer's Python is missing.")
    idle, one_gpu = worker_state("idle"), worker_state("gpu", gpus=1)
    busy = [Run("ftjob-x", "local", 1, worker.id, (0,)) for worker in (idle, one_gpu)]

    labels = [
        waiting_for(choose(Resources(), [])),
        waiting_for(choose(Resources(), hosts([worker_state("a", state="draining")], []))),
        waiting_for(choose(Resources(), hosts([sick], []))),
        waiting_for(choose(Resources(gpus=8), hosts([one_gpu], []))),
        waiting_for(choose(Resources(gpus=1), hosts([one_gpu], busy))),
        waiting_for(choose(Resources(gpus=0), hosts([idle], busy))),
        waiting_for(choose(Resources(), hosts([idle], []))),
    ]

    assert labels == ["no_worker", "draining", "trouble", "too_large", "no_free_gpus", "no_free_slot", "starts_next"]


def test_requests_are_counted_by_the_template_of_their_route(plane: ControlPlane) -> None:
    job_id = plane.submit()
    plane.http.get(f"/v1/jobs/{job_id}")
    plane.http.get("/v1/jobs/ftjob-none")
    plane.http.get("/nowhere/at/all")
    plane.http.request("PURGE", "/v1/jobs")

    read = figures(plane)

    assert of(read, "axo_http_requests_total", method="GET", route="/v1/jobs/{job_id}", status="200") >= 1
    assert of(read, "axo_http_requests_total", method="GET", route="/v1/jobs/{job_id}", status="404") >= 1
    assert of(read, "axo_http_requests_total", method="GET", route="none", status="404") >= 1
    assert any(name == "axo_http_requests_total" and ("method", "OTHER") in labels for name, labels in read)
    assert not any(job_id in str(labels) for _, labels in read)
    plane.http.post(f"/v1/jobs/{job_id}/cancel").raise_for_status()


def test_a_follower_of_a_job_is_counted_while_it_follows(plane: ControlPlane) -> None:
    job_id = plane.submit()

    with plane.http.stream("GET", f"/v1/jobs/{job_id}/stream") as stream:
        lines = stream.iter_lines()  # held on to: its end closes the stream
        next(lines)
        wait_for_figures(plane, lambda read: of(read, "axo_followers") == 1, "the follower")

    wait_for_figures(plane, lambda read: of(read, "axo_followers") == 0, "nobody following")
    plane.http.post(f"/v1/jobs/{job_id}/cancel").raise_for_status()


def test_without_redis_the_rest_is_told(start_control_plane: StartControlPlane) -> None:
    plane = start_control_plane()
    plane.redis_server.kill()

    read = wait_for_figures(plane, lambda read: of(read, "axo_up", part="redis") == 0, "that Redis is away")

    assert of(read, "axo_up", part="database") == 1
    assert ("axo_jobs", (("status", "queued"),)) in read
    assert not any(name in FROM_REDIS for name, _ in read)


def test_dashboard_and_alerts_ask_for_figures_that_there_are(plane: ControlPlane) -> None:
    dashboard = (ROOT / "deploy" / "grafana" / "axo.json").read_text()
    alerts = "".join(re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "operations.md").read_text(), re.DOTALL))
    wait_for_figures(plane, lambda read: of(read, "axo_up", part="redis") == 1, "that Redis answers")

    there = {family.name for family in text_string_to_metric_families(plane.http.get("/metrics").text)}
    asked = {re.sub("_(bucket|count|sum|total)$", "", name) for name in re.findall(r"\baxo_\w+", dashboard + alerts)}

    assert len(asked) > 20
    assert asked - there == set()


def test_openmetrics_is_told_to_who_asks_for_it(plane: ControlPlane) -> None:
    answer = plane.http.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})

    assert "openmetrics-text" in answer.headers["content-type"]
    assert {"axo_up", "axo_jobs"} <= {family.name for family in parse_openmetrics(answer.text)}  # type: ignore[no-untyped-call]


def test_a_scraper_on_the_same_host_needs_no_key(keyed: KeyedPlane) -> None:
    local, proxied = (
        httpx.get(f"{keyed.url}/metrics", headers={"Host": host}) for host in ("127.0.0.1", "axo.example.com")
    )

    assert local.status_code == 200
    assert proxied.status_code == 401
    assert httpx.get(f"{keyed.url}/v1/jobs").status_code == 401


@pytest.mark.parametrize(("setting", "status"), [("true", 200), ("false", 401)])
def test_a_setting_says_whether_others_need_a_key(
    start_control_plane: StartControlPlane, setting: str, status: int
) -> None:
    plane = start_control_plane(AXO_OPEN_METRICS=setting)
    admin = plane.http.post("/v1/keys", json={"owner": "me", "scopes": ["admin"]}).json()["key"]
    plane.http.headers["Authorization"] = f"Bearer {admin}"
    reader = plane.http.post("/v1/keys", json={"owner": "prometheus", "scopes": ["read"]}).json()["key"]

    without = httpx.get(f"{plane.url}/metrics", headers={"Host": "axo.example.com"})
    with_key = httpx.get(f"{plane.url}/metrics", headers={"Authorization": f"Bearer {reader}"})

    assert without.status_code == status
    assert with_key.status_code == 200


def test_an_attempt_counts_once_however_its_job_goes_on() -> None:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    began = now()
    times = {word: began + timedelta(seconds=second) for second, word in enumerate(_LIFE, start=1)}
    with engine.begin() as connection:
        connection.execute(insert(jobs).values(**_JOB, created_at=times["queued"], updated_at=began))
        placed = {"job_id": "j", "attempt": 1, "worker_id": "w", "boot_id": "b", "gpus": [0, 1], "config": {}}
        connection.execute(insert(attempts).values(**placed, placed_at=times["starting"], started_at=times["starting"]))
        connection.execute(update(attempts).values(ended_at=times["paused"], reason=EndReason.PAUSED))
        for word, (status, attempt) in _LIFE.items():
            event = {"job_id": "j", "time": times[word], "status": status, "attempt": attempt, "message": ""}
            connection.execute(insert(job_events).values(**event))
        for event_id in connection.execute(select(job_events.c.id)).scalars().all():
            count_events(connection, [event_id])

        sums = read_tallies(connection)

    assert {name: value for name, value in sums.items() if name[0] not in {"waits", "runs"}} == {
        ("submitted", ""): 1,
        ("wait_seconds", ""): 1,
        ("attempts_ended", "paused"): 1,
        ("run_seconds", ""): 2,
        ("gpu_seconds", ""): 4,
        ("jobs_ended", "cancelled/"): 1,
    }


_JOB = {"id": "j", "owner": "o", "kind": "train", "status": JobStatus.CANCELLED, "spec": {}}
_LIFE = {
    "queued": (JobStatus.QUEUED, 0),
    "starting": (JobStatus.STARTING, 1),
    "pausing": (JobStatus.PAUSING, 1),
    "paused": (JobStatus.PAUSED, 1),
    "resumed": (JobStatus.QUEUED, 1),
    "cancelled": (JobStatus.CANCELLED, 1),
}
