"""Preparing data, quantising and exporting, run for real, and a chain of such jobs from a training on."""

import json
import subprocess
from typing import Any

import pytest
from tests.kinds.running import RUNS_TASKS, TRAINER_PYTHON, artifact, artifact_names, axo, name_of, run
from tests.stack.embedded import TRAINERS, EmbeddedStack

from axo_contracts import storage_paths

pytestmark = RUNS_TASKS


@pytest.fixture(scope="module")
def tools(stack: EmbeddedStack) -> set[str]:
    """What the worker has said that its trainer's environment has."""
    (worker,) = stack.http.get("/v1/workers").json()["data"]
    return set(worker["packages"])


def test_a_chain_leads_from_a_training_to_a_quantised_model_that_is_evaluated(
    stack: EmbeddedStack, rows: list[dict[str, Any]], tools: set[str]
) -> None:
    if "torchao" not in tools:
        pytest.skip("the trainer's environment has no torchao")
    evaluate = {"kind": "evaluate", "datasets": rows, "compare_with": "base"}
    then = [{"kind": "merge"}, {"kind": "quantize", "name": "small"}, evaluate]

    train = stack.submit(stack.spec(max_steps=1) | {"then": then})
    merged, quantised, evaluated = (
        stack.wait_for_end(job, seconds=400) for job in stack.http.get(f"/v1/jobs/{train}").json()["then"]
    )

    assert [job["status"] for job in (merged, quantised, evaluated)] == ["succeeded"] * 3, evaluated
    assert json.loads(artifact(stack, quantised, "config.json"))["quantization_config"]["quant_method"] == "torchao"
    report = json.loads(artifact(stack, evaluated, "evaluation.json"))
    assert [model["model"] for model in report["models"]] == [name_of(stack, job) for job in (quantised, merged)]
    assert 0 < abs(report["difference"]["loss"]["value"]) < 0.5
    refused = stack.http.post("/v1/jobs", json=stack.spec() | {"base_model": quantised["id"]})
    assert "is quantised" in refused.json()["error"]["message"]


def test_a_training_reads_what_a_preprocess_has_prepared(stack: EmbeddedStack, rows: list[dict[str, Any]]) -> None:
    spec = stack.spec(max_steps=1) | {"datasets": rows}
    prepared = run(stack, **(spec | {"kind": "preprocess"}))

    train = run(stack, **(spec | {"prepared": prepared["id"]}))
    other = stack.http.post(
        "/v1/jobs", json=spec | {"prepared": prepared["id"], "hyperparameters": {"sequence_len": 64}}
    )

    folder = stack.storage / storage_paths.attempt(train["id"], 1)
    program = [TRAINER_PYTHON, str(TRAINERS / "reads_its_data.py")]
    said = subprocess.run(program, cwd=folder, capture_output=True, text=True, timeout=400, check=False)
    assert "prepared/" in " ".join(artifact_names(stack, prepared["id"]))
    assert "its hyperparameters.sequence_len is not" in other.json()["error"]["message"]
    assert said.returncode == 0, said.stderr
    assert "Loading prepared dataset from disk" in said.stdout + said.stderr


def test_a_model_is_measured_by_a_task_of_lm_eval(stack: EmbeddedStack, adapter: str) -> None:
    ran = axo(stack, "evaluate", adapter, "--task", "what_comes_after", "--max-rows", "4", "--against", "base")

    job = stack.http.get("/v1/jobs", params={"limit": 1}).json()["data"][0]
    ours, base = json.loads(artifact(stack, job, "evaluation.json"))["models"]
    assert ran.returncode == 0, ran.stderr
    shown = [line.split(maxsplit=3) for line in ran.stdout.splitlines()[-3:]]
    assert shown[:2] == [["MODEL", "TASK", "METRIC", "VALUE"], [adapter, "what_comes_after", "acc", "1 ± 0"]]
    assert ours["loss"] is None
    assert ours["lm_eval"]["what_comes_after"]["acc"] == {"value": 1.0, "standard_error": 0.0}
    assert base["lm_eval"].keys() == {"what_comes_after"}


def test_a_task_that_lm_eval_does_not_know_ends_the_job_with_those_that_are_like_it(
    stack: EmbeddedStack, adapter: str
) -> None:
    job_id = stack.submit({"kind": "evaluate", "model": adapter, "lm_eval": {"tasks": ["what_comes_afer"]}})

    job = stack.wait_for_end(job_id, seconds=400)

    assert (job["status"], job["error"]["code"], job["attempt"]) == ("failed", "bad_config", 1)
    assert "Did you mean 'what_comes_after'?" in job["error"]["message"]
