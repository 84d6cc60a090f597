"""Jobs beside training, run for real: on a tiny model, and on an adapter that has learnt how its rows read."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.kinds.running import ROWS, RUNS_TASKS, artifact, artifact_lines, artifact_names, axo, name_of, run
from tests.stack.embedded import EmbeddedStack, wait_for

from axo_contracts.jobs import MODEL_KINDS

GRADER = {"type": "string_check", "operation": "eq"}

pytestmark = RUNS_TASKS


def test_a_merged_model_answers_token_for_token_as_its_adapter_does(
    stack: EmbeddedStack, adapter: str, merged: str, rows: list[dict[str, Any]]
) -> None:
    generate = {"grader": GRADER, "max_new_tokens": 16}

    job = run(
        stack, kind="evaluate", model=merged, datasets=rows, generate=generate, compare_with=adapter, batch_size=16
    )

    ours, theirs = (
        {line["row"]: line["answer"] for line in artifact_lines(stack, job, "generations.jsonl") if line["model"] == of}
        for of in (merged, adapter)
    )
    assert ours == theirs
    assert len(ours) == ROWS
    difference = json.loads(artifact(stack, job, "evaluation.json"))["difference"]
    assert abs(difference["loss"]["value"]) < 1e-4
    assert difference["score"] == {"value": 0.0, "standard_error": 0.0}


def test_a_result_is_better_than_its_base_and_the_command_line_says_by_how_much(
    stack: EmbeddedStack, adapter: str, made: Path
) -> None:
    command = ["evaluate", f"{adapter}:ckpt-step-1", str(made / "train.jsonl"), "--against", "base"]

    said = axo(stack, *command)

    assert said.returncode == 0, said.stderr + said.stdout
    (job,) = (job for job in stack.http.get("/v1/jobs").json()["data"] if job["spec"].get("model") == command[1])
    report = json.loads(artifact(stack, job, "evaluation.json"))
    result, base = report["models"]
    assert (result["rows"], result["rows_left_out"], result["tokens"]) == (ROWS, 0, base["tokens"])
    difference = report["difference"]["loss"]
    assert difference["value"] == pytest.approx(result["loss"]["value"] - base["loss"]["value"])
    assert difference["value"] < -4 * difference["standard_error"]
    assert f"{result['loss']['value']:.4g}"[:4] in said.stdout


def test_texts_are_scored_token_by_token(stack: EmbeddedStack, merged: str, rows: list[dict[str, Any]]) -> None:
    job = run(stack, kind="score", model=merged, texts=["After 3 comes 4."], datasets=rows, top_k=2)

    text, first, *_ = artifact_lines(stack, job, "scores.jsonl")
    assert "".join(text["tokens"]) == "After 3 comes 4."
    assert text["surprisal"][0] is None
    assert text["loss"] == pytest.approx(sum(text["surprisal"][1:]) / (len(text["ids"]) - 1))
    assert all(len(place) == 2 for place in text["top"][1:])
    counted = [token for token, counts in zip(first["tokens"], first["counts"], strict=True) if counts]
    assert "".join(counted).startswith("After 0 comes 1.")
    assert json.loads(artifact(stack, job, "summary.json"))["rows"] == ROWS + 1


@pytest.mark.usefixtures("adapter")
def test_a_file_of_prompts_becomes_answers_of_what_the_job_of_a_name_has_left(
    stack: EmbeddedStack, tmp_path: Path
) -> None:
    prompts = tmp_path / "prompts.jsonl"
    prompts.write_text("".join(json.dumps({"prompt": f"What comes after {n}?"}) + "\n" for n in range(4)))

    said = axo(stack, "generate", "learnt", str(prompts), "--max-new-tokens", "16", "--n", "2")

    assert said.returncode == 0, said.stderr + said.stdout
    answers = said.stdout.splitlines()[-8:]
    assert all(re.fullmatch(r"After \d+ comes \d+\.", answer) for answer in answers), said.stdout
    assert answers[::2] == answers[1::2]  # at temperature 0
    assert len(set(answers)) > 1


def test_a_task_survives_its_worker_and_is_cancelled_in_the_middle(
    stack: EmbeddedStack, adapter: str, rows: list[dict[str, Any]]
) -> None:
    endless = {"max_new_tokens": 400, "temperature": 2.0, "n": 8, "batch_size": 1}
    job_id = stack.submit({"kind": "generate", "model": adapter, "datasets": rows * 4, **endless})
    _wait_until_it_generates(stack, job_id, attempt=1)

    refused = stack.http.delete(f"/v1/models/{adapter}")
    stack.process_of("horse").kill()
    _wait_until_it_generates(stack, job_id, attempt=2)
    stack.tell(job_id, "cancel")
    ended = stack.wait_for_end(job_id, seconds=120)

    assert refused.status_code == 409
    assert job_id in refused.json()["error"]["message"]
    assert (ended["status"], ended["result"]) == ("cancelled", None)
    wait_for(lambda: not stack.trainers(), lambda: "no process of it to live", 30)
    assert {name for name in artifact_names(stack, job_id) if not name.endswith(".part")} == set()


def test_a_model_that_is_not_there_or_is_of_no_use_is_refused(stack: EmbeddedStack, adapter: str, merged: str) -> None:
    def refusal(**spec: Any) -> tuple[str, str]:
        answer = stack.http.post("/v1/jobs", json=spec)
        assert answer.status_code in {404, 422}, answer.text
        error = answer.json()["error"]
        return error["param"], error["message"]

    assert refusal(kind="merge", model=adapter[:-4] + "0000")[0] == "model"
    assert "whole model" in refusal(kind="merge", model=merged)[1]
    assert "whole model" in refusal(kind="merge", model=str(stack.model))[1]
    assert "ckpt-step-9" in refusal(kind="score", model=f"{adapter}:ckpt-step-9", texts=["x"])[1]
    assert "Merge it first" in refusal(**(stack.spec() | {"base_model": adapter}))[1]


def test_a_merged_model_is_trained_on_and_listed(stack: EmbeddedStack, merged: str) -> None:
    job = run(stack, **(stack.spec(max_steps=1) | {"base_model": merged}))

    config = stack.http.get(f"/v1/jobs/{job['id']}/config").text
    models = {model["id"] for model in stack.http.get("/v1/models").json()["data"]}
    shown = {found["id"] for found in stack.http.get("/v1/fine_tuning/jobs").json()["data"]}
    assert "base_model: ../../../ftjob-" in config
    assert {merged, name_of(stack, job)} <= models
    assert not any(model.endswith(task["id"].partition("-")[2]) for task in _tasks(stack) for model in models)
    assert job["id"] in shown
    assert not shown & {task["id"] for task in _tasks(stack)}


def _wait_until_it_generates(stack: EmbeddedStack, job_id: str, *, attempt: int) -> None:
    def is_so(job: dict[str, Any]) -> bool:
        return job["attempt"] == attempt and (job["progress"] or {}).get("phase") == "generating"

    stack.wait_for_job(job_id, is_so, f"to generate in attempt {attempt}", seconds=400)


def _tasks(stack: EmbeddedStack) -> list[dict[str, Any]]:
    return [
        job
        for job in stack.http.get("/v1/jobs", params={"limit": 100}).json()["data"]
        if job["kind"] not in MODEL_KINDS
    ]
