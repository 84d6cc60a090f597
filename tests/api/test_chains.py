"""Chains: jobs that are made with their first, wait for the one before them, and take what it has left."""

from typing import Any

import msgspec
import pytest
from tests.api.control_plane import ControlPlane
from tests.api.databases import on_both_databases
from tests.api.standin_worker import StandInWorker
from tests.waiting import wait_for

from axo_contracts.lifecycle import EndReason

SCORE = {"kind": "score", "texts": ["After 3 comes 4."]}
CHAIN = [{"kind": "merge"}, SCORE]


@on_both_databases
def test_each_job_of_a_chain_runs_when_the_one_before_has_succeeded_on_what_that_has_left(
    plane: ControlPlane, worker: StandInWorker
) -> None:
    train = plane.submit(then=[*CHAIN, {**SCORE, "model": "base"}], priority=3, name="digits")
    merge, score, base = plane.job(train)["then"]
    run = worker.run_next()

    waiting = plane.job(merge)
    in_queue = plane.get("/v1/queue")["data"]
    run.finishes()
    merging = worker.run_next()
    merging.finishes()
    scoring = worker.run_next()
    scoring.finishes()
    basing = worker.run_next()
    basing.finishes()

    last = plane.wait_for_status(base, "succeeded")
    assert (waiting["status"], waiting["after"], waiting["then"]) == ("queued", train, [score, base])
    assert (waiting["priority"], waiting["waiting"]["reason"]) == (3, f"waits for {train} to succeed")
    assert in_queue == []
    assert (last["after"], last["then"]) == (score, [])
    assert [one.order.job_id for one in (merging, scoring, basing)] == [merge, score, base]
    assert merging.order.config["models"]["model"] == {
        "name": f"ft:org/model:local:digits:{train.removeprefix('ftjob-')}",
        "called": "org/model",
        "base": "org/model",
        "revision": None,
        "adapter": f"../../../{train}/attempts/1/outputs",
    }
    assert scoring.order.config["models"]["model"]["base"] == f"../../../{merge}/attempts/1/outputs"
    assert basing.order.config["models"]["model"]["base"] == "org/model"
    assert [status for status, *_ in plane.moves(merge)] == ["queued", "queued", "starting", "running", "succeeded"]


@on_both_databases
def test_what_was_to_follow_a_job_that_fails_never_runs_says_why_and_comes_again_with_its_retry(
    plane: ControlPlane, worker: StandInWorker
) -> None:
    train = plane.submit(then=CHAIN)
    merge, score = plane.job(train)["then"]
    worker.run_next().finishes(EndReason.BAD_DATA)

    ended = [plane.wait_for_status(job, "cancelled") for job in (merge, score)]
    refused = plane.http.post(f"/v1/jobs/{score}/retry")
    again = plane.http.post(f"/v1/jobs/{train}/retry").json()
    worker.run_next().finishes()
    merging = worker.run_next()

    assert {job["reason"] for job in ended} == {"chain_broken"}
    assert all(job["message"].startswith(f"Job {train} has failed") for job in ended)
    assert refused.status_code == 409
    assert f"Retry {train}" in refused.json()["error"]["message"]
    assert merging.order.job_id == again["then"][0] != merge
    assert len(again["then"]) == 2


def test_the_retry_of_a_job_within_a_chain_has_its_model_and_carries_the_rest_on(
    plane: ControlPlane, worker: StandInWorker
) -> None:
    train = plane.submit(then=CHAIN)
    merge, score = plane.job(train)["then"]
    worker.run_next().finishes()
    worker.run_next().finishes(EndReason.DISK_FULL)
    plane.wait_for_status(score, "cancelled")

    again = plane.http.post(f"/v1/jobs/{merge}/retry").json()
    merging = worker.run_next()
    merging.finishes()
    scoring = worker.run_next()

    assert (again["after"], again["retry_of"]) == (train, merge)
    assert merging.order.config["models"]["model"]["adapter"] == f"../../../{train}/attempts/1/outputs"
    assert scoring.order.job_id == again["then"][0]
    assert scoring.order.config["models"]["model"]["base"] == f"../../../{again['id']}/attempts/1/outputs"


def test_a_job_that_leaves_no_model_is_passed_over_also_by_its_retry(
    plane: ControlPlane, worker: StandInWorker
) -> None:
    train = plane.submit(then=[SCORE, {"kind": "merge"}])
    score, _ = plane.job(train)["then"]
    worker.run_next().finishes()
    worker.run_next().finishes(EndReason.OOM_HOST)
    plane.wait_for_status(score, "failed")

    again = plane.http.post(f"/v1/jobs/{score}/retry").json()
    worker.run_next().finishes()
    merging = worker.run_next()

    assert merging.order.job_id == again["then"][0]
    assert merging.order.config["models"]["model"]["adapter"] == f"../../../{train}/attempts/1/outputs"


def test_cancelling_a_job_of_a_chain_leaves_what_is_before_it_alone(plane: ControlPlane, worker: StandInWorker) -> None:
    train = plane.submit(then=CHAIN)
    merge, score = plane.job(train)["then"]
    run = worker.run_next()

    plane.http.post(f"/v1/jobs/{merge}/cancel")
    run.finishes()

    assert plane.wait_for_status(train, "succeeded")["then"] == [merge, score]
    assert [plane.job(job)["reason"] for job in (merge, score)] == ["cancelled", "chain_broken"]
    assert worker.next_order() is None


def test_a_job_of_a_chain_that_was_paused_while_it_waited_runs_when_it_is_resumed(
    plane: ControlPlane, worker: StandInWorker
) -> None:
    train = plane.submit(then=[{"kind": "merge"}])
    (merge,) = plane.job(train)["then"]
    plane.http.post(f"/v1/jobs/{merge}/pause")
    worker.run_next().finishes()
    plane.wait_for_status(train, "succeeded")

    plane.http.post(f"/v1/jobs/{merge}/resume")

    assert worker.run_next().order.job_id == merge


def test_a_chain_goes_on_once_whatever_breaks_at_its_joint(plane: ControlPlane, worker: StandInWorker) -> None:
    train = plane.submit(then=[{"kind": "merge"}])
    run = worker.run_next()
    run.ends()
    run.send()
    plane.restart()
    run.deliver()
    plane.restart()
    run.release()

    merging = worker.run_next()

    assert [merging.order.job_id] == plane.job(train)["then"]
    assert merging.order.attempt == 1
    assert [job["id"] for job in plane.all_jobs() if job["after"] == train] == [merging.order.job_id]
    assert [status for status, *_ in plane.moves(merging.order.job_id)].count("starting") == 1


@pytest.mark.parametrize(
    ("then", "param", "sentence"),
    [
        ([{"kind": "merge"}, {"kind": "merge"}], "then.1.model", "whole model"),
        ([{"kind": "merge"}, {"kind": "evaluate"}], "then.1", "there are no rows to measure by"),
        ([{"kind": "distil"}], "then.0.kind", "'distil' is none of"),
        ([{"kind": "merge", "then": []}], "then.0.then", "there is no such field"),
        ([{"kind": "export"}], "then.0.model", "merge it first"),
        ([{**SCORE, "model": "ft:org/model:me::x"}], "then.0.model", "There is no model"),
        (
            [{"kind": "generate", "datasets": [{"source": {"type": "file", "file_id": "file-" + "0" * 26}}]}],
            "then.0.datasets.0.source.file_id",
            "there is no file",
        ),
        ([SCORE, {**SCORE, "model": "/etc"}], "then.1.model", "outside of the allowed folders"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.startswith("then") else "",
)
def test_a_bad_link_is_refused_with_its_place_and_nothing_is_queued(
    plane: ControlPlane, then: list[dict[str, Any]], param: str, sentence: str
) -> None:
    before = len(plane.all_jobs())

    answer = plane.http.post("/v1/jobs", json=_spec(then=then))

    error = answer.json()["error"]
    assert answer.status_code in {404, 422}
    assert error["param"] == param
    assert error["message"].startswith(".".join(param.split(".")[:2]))
    assert sentence in error["message"]
    assert len(plane.all_jobs()) == before


def test_the_same_request_twice_makes_one_chain_and_only_a_chain_leaves_its_model_out(plane: ControlPlane) -> None:
    headers = {"Idempotency-Key": "a chain once"}
    answers = [plane.http.post("/v1/jobs", json=_spec(then=CHAIN), headers=headers).json() for _ in range(2)]

    alone = plane.http.post("/v1/jobs", json=SCORE).json()["error"]

    assert answers[0]["then"] == answers[1]["then"]
    assert [job["id"] for job in plane.all_jobs() if job["after"] == answers[0]["id"]] == answers[0]["then"][:1]
    assert (alone["param"], "only in a chain" in alone["message"]) == ("model", True)


def test_a_result_is_named_by_its_job_and_compared_with_another_job(plane: ControlPlane, worker: StandInWorker) -> None:
    first, second = plane.submit(), plane.submit()
    for _ in range(2):
        worker.run_next().finishes()
    plane.wait_for_status(second, "succeeded")
    rows = plane.http.post(
        "/v1/files", files={"file": ("rows.jsonl", b'{"text": "a"}\n')}, data={"purpose": "fine-tune"}
    )
    data = [{"source": {"type": "file", "file_id": rows.json()["id"]}}]

    job = plane.http.post(
        "/v1/jobs", json={"kind": "evaluate", "model": first, "compare_with": second, "datasets": data}
    )

    assert job.status_code == 201, job.text
    models = worker.run_next().order.config["models"]
    assert models["model"]["adapter"] == f"../../../{first}/attempts/1/outputs"
    assert models["compare_with"]["adapter"] == f"../../../{second}/attempts/1/outputs"


def test_what_no_worker_can_do_is_refused_and_what_one_can_waits_for_that_one(
    plane: ControlPlane, worker: StandInWorker
) -> None:
    quantize = {"kind": "quantize", "model": "org/model"}
    wait_for(lambda: plane.get("/v1/workers")["data"], "the worker to be seen")

    alone = plane.http.post("/v1/jobs", json=quantize).json()["error"]
    in_chain = plane.http.post("/v1/jobs", json=_spec(then=[{"kind": "merge"}, {"kind": "export"}])).json()["error"]
    equipped = msgspec.structs.replace(worker.state.capabilities, packages={"torchao": "0.18.0"})
    worker.state = msgspec.structs.replace(worker.state, capabilities=equipped)
    wait_for(lambda: plane.http.post("/v1/jobs", json=quantize).status_code == 201, "the worker's torchao to be seen")

    assert (alone["code"], alone["param"]) == ("tool_missing", "kind")
    assert "install torchao" in alone["message"]
    assert (in_chain["code"], in_chain["param"]) == ("tool_missing", "then.1.kind")
    assert "AXO_GGUF_CONVERTER" in in_chain["message"]
    assert worker.run_next().order.kind == "quantize"


def _spec(**fields: Any) -> dict[str, Any]:
    return {
        "base_model": "org/model",
        "datasets": [{"source": {"type": "hub", "repo_id": "org/data"}}],
        **fields,
    }
