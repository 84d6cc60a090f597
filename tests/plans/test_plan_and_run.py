"""A plan beside the run that it foretells, with the real Axolotl on a CPU."""

import os
from typing import Any

import pytest
from tests.stack.embedded import EmbeddedStack
from tests.waiting import wait_for

from axo_contracts import storage_paths
from axo_contracts.orders import InputFile
from axo_contracts.questions import Planned, PlanQuestion
from axo_contracts.storage_paths import uploaded_file
from axo_worker.helping.client import ask

pytestmark = [
    pytest.mark.trainer,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not os.environ.get("AXO_TRAINER_PYTHON"), reason="AXO_TRAINER_PYTHON names no trainer"),
]

Rows = list[dict[str, Any]]


def _question(number: int) -> dict[str, str]:
    return {"role": "user", "content": f"What comes after {number}?"}


def _answer(number: int) -> dict[str, str]:
    return {"role": "assistant", "content": f"After {number} comes {number + 1}." * (1 + number % 3)}


CHATS: Rows = [{"messages": [_question(number), _answer(number)]} for number in range(37)]
PAIRS: Rows = [
    {
        "messages": [_question(number)],
        "chosen": _answer(number),
        "rejected": {"role": "assistant", "content": f"I do not know {number}."},
    }
    for number in range(21)
]
SHORT = {"micro_batch_size": 2, "gradient_accumulation_steps": 2, "sequence_len": 128}


@pytest.mark.parametrize(
    ("rows", "fields"),
    [
        pytest.param(CHATS, {"hyperparameters": {**SHORT, "num_epochs": 1.5, "save_steps": 6}}, id="sft"),
        pytest.param(
            PAIRS,
            {
                "method": {"type": "dpo"},
                "adapter": {"type": "full"},
                "hyperparameters": {**SHORT, "num_epochs": 2, "save_total_limit": 1},
            },
            id="dpo of all weights",
        ),
    ],
)
def test_steps_tokens_and_disk_are_as_planned(trainer_stack: EmbeddedStack, rows: Rows, fields: dict[str, Any]) -> None:
    source = {"type": "file", "file_id": trainer_stack.upload(rows)}
    spec = {"base_model": str(trainer_stack.model), "datasets": [{"source": source}], **fields}

    plan = _plan(trainer_stack, spec)
    job = trainer_stack.wait_for_end(trainer_stack.submit(spec), seconds=180)

    assert job["status"] == "succeeded", job
    assert plan["warnings"] == []
    assert plan["steps"] == job["progress"]["max_steps"] == job["progress"]["step"]
    assert plan["tokens"]["is_exact"]
    assert plan["tokens"][plan["tokens"]["metric_counts"]] == _reported(trainer_stack, job, plan["tokens"]["metric"])
    written = _bytes_of_outputs(trainer_stack, job["id"])
    assert abs(plan["disk"]["total_bytes"] - written) <= written / 10


def test_the_steps_of_packed_rows_are_as_planned_and_their_tokens_nearly(trainer_stack: EmbeddedStack) -> None:
    packed = {**SHORT, "sample_packing": True, "num_epochs": 2}
    source = {"type": "file", "file_id": trainer_stack.upload(CHATS)}
    spec = {"base_model": str(trainer_stack.model), "datasets": [{"source": source}], "hyperparameters": packed}

    plan = _plan(trainer_stack, spec)
    job = trainer_stack.wait_for_end(trainer_stack.submit(spec), seconds=180)

    assert job["status"] == "succeeded", job
    assert plan["steps"] == job["progress"]["step"]
    assert not plan["tokens"]["is_exact"]
    assert plan["tokens"]["trained"] == pytest.approx(_reported(trainer_stack, job, "tokens/trainable"), rel=0.25)


def test_of_large_data_a_part_is_read_and_the_figures_are_projected(trainer_stack: EmbeddedStack) -> None:
    file_id = trainer_stack.upload(CHATS * 10)
    spec = {"base_model": str(trainer_stack.model), "datasets": [{"source": {"type": "file", "file_id": file_id}}]}
    whole = _plan(trainer_stack, spec)
    file = InputFile(
        name=f"{file_id}.jsonl", source=str(trainer_stack.storage / uploaded_file(file_id)), bytes=0, sha256=""
    )

    part = ask(
        trainer_stack.home / "worker", PlanQuestion(config=whole["config"], inputs=(file,), most_rows=100), seconds=60
    )

    assert isinstance(part, Planned)
    assert part.tokens
    assert not part.tokens.is_exact
    assert "each 4th row was read" in part.warnings[0]
    assert part.rows == pytest.approx(whole["rows"], rel=0.05)
    assert part.steps == pytest.approx(whole["steps"], rel=0.1)
    assert part.tokens.trained == pytest.approx(whole["tokens"]["trained"], rel=0.1)


def test_the_time_of_the_next_run_is_estimated_from_those_that_ended(trainer_stack: EmbeddedStack) -> None:
    source = {"type": "file", "file_id": trainer_stack.upload(CHATS)}
    spec = {"base_model": str(trainer_stack.model), "datasets": [{"source": source}], "hyperparameters": SHORT}

    time = _plan(trainer_stack, spec)["time"]

    assert time["runs"] >= 1
    assert time["seconds"] > 0
    assert "tokens/s" in time["rests_on"]


def test_a_plan_warns_of_what_axolotl_warns_of(trainer_stack: EmbeddedStack) -> None:
    source = {"type": "file", "file_id": trainer_stack.upload(CHATS)}
    spec = {
        "base_model": str(trainer_stack.model),
        "datasets": [{"source": source}],
        "resources": {"precision": "bf16"},
    }

    assert "Axolotl: bf16 requested, but" in _plan(trainer_stack, spec)["warnings"][0]


def test_rows_are_shown_as_the_trainer_will_see_them(trainer_stack: EmbeddedStack) -> None:
    file_id = trainer_stack.upload(CHATS)

    shown = trainer_stack.http.post(
        f"/v1/files/{file_id}/preview", json={"base_model": str(trainer_stack.model), "rows": 2}, timeout=60
    )

    assert shown.status_code == 200, shown.text
    first = shown.json()["data"][0]
    assert first["text"].startswith("<|im_start|>user\nWhat comes after 0?<|im_end|>")
    learnt = "".join(piece for piece, carries in zip(first["pieces"], first["carries_loss"], strict=True) if carries)
    assert learnt == "After 0 comes 1.<|im_end|>"
    assert len(first["ids"]) == len(first["pieces"])


def test_a_pair_is_shown_with_each_of_its_answers(trainer_stack: EmbeddedStack) -> None:
    file_id = trainer_stack.upload(PAIRS)
    request = {"base_model": str(trainer_stack.model), "rows": 1, "method": {"type": "dpo"}, "sequence_len": 32}

    rows = trainer_stack.http.post(f"/v1/files/{file_id}/preview", json=request, timeout=60).json()["data"]

    assert [row["role"] for row in rows] == ["chosen", "rejected"]
    assert "more than sequence_len (32)" in rows[1]["problem"]


def test_a_helper_that_was_killed_is_started_again(trainer_stack: EmbeddedStack) -> None:
    source = {"type": "file", "file_id": trainer_stack.upload(CHATS)}
    spec = {"base_model": str(trainer_stack.model), "datasets": [{"source": source}]}
    agent = trainer_stack.process_of("agent")
    helper = next(process for process in agent.children(recursive=True) if "axo_trainer_helper" in process.cmdline())

    helper.kill()

    wait_for(lambda: _plan(trainer_stack, spec)["steps"], "a plan by another helper", 120)
    assert trainer_stack.process_of("agent").pid == agent.pid


def _plan(stack: EmbeddedStack, spec: dict[str, Any]) -> dict[str, Any]:
    answer = stack.http.post("/v1/jobs/plan", json=spec, timeout=60)
    assert answer.status_code == 200, answer.text
    plan: dict[str, Any] = answer.json()
    return plan


def _reported(stack: EmbeddedStack, job: dict[str, Any], metric: str) -> float:
    (series,) = stack.http.get(f"/v1/jobs/{job['id']}/metrics", params={"names": metric}).json()["data"]
    last: float = series["values"][-1]
    return last


def _bytes_of_outputs(stack: EmbeddedStack, job_id: str) -> int:
    outputs = stack.storage / storage_paths.attempt(job_id, 1) / storage_paths.OUTPUTS
    return sum(path.stat().st_size for path in outputs.rglob("*") if path.is_file())
