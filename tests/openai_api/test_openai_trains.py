"""OpenAI's client trains with the real Axolotl on a CPU, with rows as OpenAI's guides write them."""

import csv
import io
import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai.types.fine_tuning import FineTuningJob
from tests.openai_api.clients import PAIRS, PROMPTS, assert_as_typed, lines
from tests.stack.embedded import EmbeddedStack, wait_for

from axo_cli.demo.run import MODEL_MAKER

TRAINER_PYTHON = os.environ.get("AXO_TRAINER_PYTHON", "")

pytestmark = [
    pytest.mark.trainer,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not TRAINER_PYTHON, reason="AXO_TRAINER_PYTHON names no Python with Axolotl"),
]

SHORT = {"hyperparameters": {"max_steps": 2, "sequence_len": 256}, "resources": {"gpus": 0}}


def tool(name: str, kind: str, default: Any) -> dict[str, Any]:
    """Return a tool with a parameter; parameters of one name differ in type from tool to tool."""
    parameters = {"type": "object", "properties": {"value": {"type": kind, "default": default}}}
    return {"type": "function", "function": {"name": name, "description": name, "parameters": parameters}}


def chat(number: int) -> dict[str, Any]:
    """Return a row with tools, a call, and an answer without loss, as OpenAI's guide has them."""
    call = {"id": f"call_{number}", "type": "function", "function": {"name": "add", "arguments": '{"value": 1}'}}
    messages: list[dict[str, Any]] = [
        {"role": "user", "content": f"{number} + 1?"},
        {"role": "assistant", "content": "No.", "weight": 0},
        {"role": "user", "content": "Again."},
    ]
    if number % 2:
        messages += [
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": f"call_{number}", "content": str(number + 1)},
        ]
    messages.append({"role": "assistant", "content": str(number + 1), "weight": 1})
    row: dict[str, Any] = {"messages": messages}
    if number % 2:
        tools = (
            [tool("add", "integer", 1)] if number % 4 == 1 else [tool("look", "string", "x"), tool("add", "number", 0)]
        )
        row |= {"tools": tools, "parallel_tool_calls": False}
    return row


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    """A stack with the real trainer, whose operator calls a tiny model gpt-4o-mini."""
    folder = tmp_path_factory.mktemp("openai")
    names = json.dumps({"gpt-4o-mini": str(folder / "model")})
    stack = EmbeddedStack(folder, trainer=None, AXO_BASE_MODELS=names, HF_HUB_OFFLINE="1")
    try:
        rows = folder / "rows.jsonl"
        rows.write_bytes(lines([{"messages": chat(number)["messages"][:2]} for number in range(64)]))
        subprocess.run([TRAINER_PYTHON, str(MODEL_MAKER), str(rows), str(stack.model)], check=True)
        stack.wait_until_ready()
        yield stack
    finally:
        stack.close()


@pytest.fixture
def client(stack: EmbeddedStack) -> Iterator[openai.OpenAI]:
    """OpenAI's Python client."""
    with openai.OpenAI(base_url=f"{stack.url}/v1", api_key="sk-none") as client:
        yield client


def upload(client: openai.OpenAI, rows: list[dict[str, Any]]) -> str:
    """Upload rows and return the file's id."""
    return client.files.create(file=("rows.jsonl", lines(rows)), purpose="fine-tune").id


def ended(client: openai.OpenAI, stack: EmbeddedStack, job_id: str) -> FineTuningJob:
    """Return a job once it has ended, and fail unless it has succeeded."""

    def look() -> FineTuningJob | None:
        job = client.fine_tuning.jobs.retrieve(job_id)
        return job if job.status in {"succeeded", "failed", "cancelled"} else None

    job = wait_for(look, lambda: f"{job_id} to end; it is {stack.job(job_id)}", 400)
    told = (stack.job(job_id)["error"] or {}).get("log_tail", [])
    assert job.status == "succeeded", "\n".join([str(job.error), *told])
    assert_as_typed(job)
    return job


def test_a_supervised_job_goes_to_its_result_file(client: openai.OpenAI, stack: EmbeddedStack) -> None:
    job_id = client.fine_tuning.jobs.create(
        model="gpt-4o-mini",
        training_file=upload(client, [chat(number) for number in range(16)]),
        validation_file=upload(client, [chat(number) for number in range(4)]),
        suffix="counts",
        method={"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 2, "batch_size": 8}}},
        extra_body={"hyperparameters": {"sequence_len": 256}, "resources": {"gpus": 0}},
    ).id

    job = ended(client, stack, job_id)

    assert job.fine_tuned_model == f"ft:gpt-4o-mini:local:counts:{job_id.removeprefix('ftjob-')}"
    assert job.trained_tokens
    rows = list(csv.DictReader(io.StringIO(client.files.content(job.result_files[0]).text)))
    steps = [row for row in rows if row["train_loss"]]
    assert [row["step"] for row in steps] == ["1", "2", "3", "4"]
    assert all(0 <= float(row["train_accuracy"]) <= 1 for row in steps)
    evaluated = [row for row in rows if row["valid_loss"]]
    assert [row["step"] for row in evaluated] == ["0", "2", "4"]  # Axolotl evaluates before the first step, too
    assert all(0 <= float(row["valid_mean_token_accuracy"]) <= 1 for row in evaluated)
    newest = next(iter(client.fine_tuning.jobs.checkpoints.list(job_id)))
    assert_as_typed(newest)
    assert (newest.step_number, newest.metrics.valid_loss) == (4, float(rows[-1]["valid_loss"]))
    assert any(event.type == "metrics" for event in client.fine_tuning.jobs.list_events(job_id))

    further_id = client.fine_tuning.jobs.create(
        model=job.fine_tuned_model, training_file=job.training_file, extra_body=SHORT
    ).id
    further = ended(client, stack, further_id)
    assert (further.model, further.fine_tuned_model) == (
        job.fine_tuned_model,
        f"ft:gpt-4o-mini:local::{further_id.removeprefix('ftjob-')}",
    )
    assert client.models.delete(job.fine_tuned_model).deleted


def test_preferences_in_openais_spelling_train(client: openai.OpenAI, stack: EmbeddedStack) -> None:
    first, second, *others = PAIRS
    spelt = {name.replace("_output", "_completion"): value for name, value in second.items()}
    with_tools = {**first, "input": {**first["input"], "tools": [tool("add", "integer", 1)]}}
    rows: list[dict[str, Any]] = [with_tools, spelt, *others]

    job_id = client.fine_tuning.jobs.create(
        model="gpt-4o-mini", training_file=upload(client, rows * 2), method={"type": "dpo"}, extra_body=SHORT
    ).id

    job = ended(client, stack, job_id)
    assert job.trained_tokens


def test_reinforcement_trains_on_its_grader(client: openai.OpenAI, stack: EmbeddedStack) -> None:
    similar: Any = {
        "type": "text_similarity",
        "name": "near",
        "evaluation_metric": "fuzzy_match",
        "input": "{{sample.output_text}}",
        "reference": "{{item.reference_answer}}",
    }
    formula = "min(1, near ^ 2)"  # no weighted sum: it is worked out inside the trainer
    grader: Any = {"type": "multi", "name": "near", "graders": similar, "calculate_output": formula}

    job_id = client.fine_tuning.jobs.create(
        model="gpt-4o-mini",
        training_file=upload(client, PROMPTS * 2),
        method={
            "type": "reinforcement",
            "reinforcement": {"grader": grader, "hyperparameters": {"compute_multiplier": 0.5, "batch_size": 1}},
        },
        extra_body=SHORT,
    ).id

    ended(client, stack, job_id)
    names = {name for event in stack.stream(job_id) for name in event.get("values", {})}
    assert any(name.startswith("rewards/near") for name in names), names
