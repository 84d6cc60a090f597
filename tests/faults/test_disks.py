"""A disk is full: it is said clearly, no half file counts as whole, and all goes on when there is room again."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from tests.faults.cluster import Cluster
from tests.faults.looking import resumed_from, steps_of
from tests.faults.reliability import Recovery
from tests.faults.small_disk import SmallDisk, can_mount
from tests.stack.client import wait_for

from axo_contracts import storage_paths

Disks = dict[str, SmallDisk]


@pytest.fixture
def disks(tmp_path: Path) -> Iterator[Disks]:
    """The disks of `cluster_on_disks`: of the storage, of the database, and of each worker's home."""
    if not can_mount(tmp_path):
        pytest.skip("mounting a small disk is not permitted here; root may")
    mounted: Disks = {}
    yield mounted
    for disk in mounted.values():
        disk.close()


@pytest.fixture
def cluster_on_disks(disks: Disks, start_cluster: Callable[..., Cluster]) -> Cluster:
    """A cluster each part of which writes to a small disk of its own."""

    def mount(cluster: Cluster) -> None:
        homes = {home.name: home for home in cluster.worker_homes}
        for name, path in {"storage": cluster.storage, "database": cluster.database.parent, **homes}.items():
            path.mkdir(exist_ok=True)
            disks[name] = SmallDisk(path)

    return start_cluster(prepare=mount)


@pytest.mark.faults_long
@pytest.mark.fault(21)
def test_a_worker_without_room_for_logs_trains_on_and_loses_no_line(
    cluster_on_disks: Cluster, disks: Disks, chance: random.Random, recovery: Recovery
) -> None:
    cluster = cluster_on_disks
    job_id = cluster.run(steps=chance.randint(1, 10), trainer="prints_as_it_trains", max_steps=150)
    disk = disks[cluster.worker_of(job_id).id]

    disk.fill()
    at = cluster.job(job_id)["progress"]["step"]
    wait_for(lambda: len(trained_steps(cluster)) > at + 40, lambda: "the training to go on", 20)
    disk.free()
    recovery.begins()
    cluster.wait_for_step(job_id, at + 30, 20)
    recovery.ends()

    job = cluster.wait_for_end(job_id)
    assert (job["status"], job["attempt"]) == ("succeeded", 1)
    assert steps_of(cluster, job_id) == list(range(1, 151))
    lines = [event["text"] for event in cluster.stream(job_id) if event["type"] == "log" and "line" in event["text"]]
    assert lines == [f"step {step}, line {number}" for step in range(1, 151) for number in range(100)]


def trained_steps(cluster: Cluster) -> list[str]:
    return cluster.stamps.read_text().splitlines()


@pytest.mark.fault(21)
def test_a_storage_without_room_ends_the_run_as_disk_full_and_half_a_checkpoint_is_never_resumed(
    cluster_on_disks: Cluster, disks: Disks, chance: random.Random, recovery: Recovery
) -> None:
    cluster = cluster_on_disks
    job_id = cluster.run(steps=chance.randint(12, 30), max_steps=200)

    disks["storage"].fill()
    wait_for(lambda: not cluster.trainers(), lambda: "the trainer to fail", 20)
    assert cluster.http.get("/healthz").status_code == 200
    disks["storage"].free()
    recovery.begins()

    job = cluster.wait_for_end(job_id)
    recovery.ends()
    assert (job["status"], job["error"]["code"]) == ("failed", "disk_full")
    assert "disk is full" in job["error"]["message"]
    whole = [row["step"] for row in cluster.http.get(f"/v1/jobs/{job_id}/checkpoints").json()["data"]]
    answer = cluster.http.post(f"/v1/jobs/{job_id}/retry")
    assert answer.status_code == 201, answer.text
    again = answer.json()["id"]
    cluster.promised.append(again)
    assert cluster.wait_for_end(again)["status"] == "succeeded"
    assert resumed_from(cluster, again) == [max(whole)]


@pytest.mark.faults_long
@pytest.mark.fault(21)
def test_a_database_without_room_refuses_jobs_clearly_and_takes_them_when_there_is_room(
    cluster_on_disks: Cluster, disks: Disks, chance: random.Random, recovery: Recovery
) -> None:
    cluster = cluster_on_disks
    spec = cluster.spec(max_steps=2, metadata={"padding": "x" * 500})
    job_id = cluster.run(steps=chance.randint(1, 10), max_steps=160)

    disks["database"].fill()
    refused = wait_for(lambda: a_refusal(cluster, spec), lambda: "the database to be full", 30)
    assert (refused.status_code, refused.json()["error"]["code"]) == (507, "storage_full")
    assert cluster.tree(job_id, 1), "training goes on"
    disks["database"].free()
    recovery.begins()
    wait_for(lambda: a_refusal(cluster, spec) is None, lambda: "jobs to be taken again", 15)
    recovery.ends()

    for promised in cluster.promised:
        assert cluster.wait_for_end(promised, 90)["status"] == "succeeded"
    assert steps_of(cluster, job_id) == list(range(1, 161))


def a_refusal(cluster: Cluster, spec: dict[str, object]) -> httpx.Response | None:
    answer = cluster.http.post("/v1/jobs", json=spec)
    if answer.status_code == 201:
        cluster.promised.append(answer.json()["id"])
        return None
    return answer


@pytest.mark.faults_long
@pytest.mark.fault(21)
def test_an_upload_without_room_is_refused_and_nothing_of_it_is_left(
    cluster_on_disks: Cluster, disks: Disks, recovery: Recovery
) -> None:
    cluster = cluster_on_disks
    rows = b'{"messages": []}\n' * 10_000
    before = stored(cluster)

    disks["storage"].fill()
    answer = cluster.http.post("/v1/files", files={"file": ("rows.jsonl", rows)}, data={"purpose": "fine-tune"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (507, "storage_full")
    disks["storage"].free()
    recovery.begins()

    assert stored(cluster) == before
    assert cluster.wait_for_end(cluster.submit(max_steps=2))["status"] == "succeeded"
    recovery.ends()


def stored(cluster: Cluster) -> list[Path]:
    folder = cluster.storage / storage_paths.uploaded_file("file-x").parts[0]
    return sorted(path for path in folder.rglob("*") if path.is_file())
