"""Planning a job: the checks of a submit, what a worker's helper says, and nothing queued."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.api.control_plane import ControlPlane
from tests.api.databases import on_both_databases
from tests.api.standin_helper import StandInHelper
from tests.api.standin_worker import StandInWorker
from tests.api_process import SPEC
from tests.waiting import wait_for

from axo_contracts import redis_names
from axo_contracts.frames import Metric
from axo_contracts.questions import (
    ConfigProblem,
    Disk,
    Failed,
    Parameters,
    Planned,
    PlanQuestion,
    Previewed,
    Refused,
    SeenRow,
    Size,
    Tokens,
)

PLANNED = Planned(
    config={"micro_batch_size": 2, "evaluation_of_axolotl": 7},
    rows=90,
    validation_rows=10,
    steps=12,
    epochs=1.0,
    tokens=Tokens(
        total=1000, trained=400, longest_row=20, is_exact=True, metric="tokens/trainable", metric_counts="trained"
    ),
    parameters=Parameters(total=1_000_000, trained=1000),
    memory=(Size(part="base weights", bytes=100 * 2**30, rests_on="a guess"),),
    disk=Disk(checkpoint_bytes=5, checkpoints_kept=2, result_bytes=3, total_bytes=13, peak_bytes=18),
)


@pytest.fixture
def gpu_host(plane: ControlPlane) -> Iterator[StandInWorker]:
    """A worker host with two GPUs that is online."""
    host = StandInWorker(plane.redis_server.url, gpus=2)
    yield host
    host.vanish()


@pytest.fixture
def helper(plane: ControlPlane, gpu_host: StandInWorker) -> Iterator[StandInHelper]:
    """The helper of the host; both are online."""
    helper = StandInHelper(gpu_host, PLANNED)
    helper.start()
    gpu_host.start()
    wait_for(lambda: plane.get("/v1/workers")["data"], "the host to be seen")
    yield helper
    helper.close()


def plan(plane: ControlPlane, **fields: Any) -> dict[str, Any]:
    answer = plane.http.post("/v1/jobs/plan", json=SPEC | fields)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_without_a_worker_a_plan_says_what_is_known_without_one_and_what_is_not(plane: ControlPlane) -> None:
    before = plane.all_jobs()

    found = plan(plane, hyperparameters={"num_epochs": 2})

    assert found["config"]["num_epochs"] == 2
    assert found["defaults"]["hyperparameters.micro_batch_size"] == 2
    assert "hyperparameters.num_epochs" not in found["defaults"]
    assert found["steps"] is None
    assert "no worker is online" in found["warnings"][0]
    assert plane.all_jobs() == before


def test_rows_that_are_trained_on_and_validated_on_are_a_warning(plane: ControlPlane) -> None:
    shared, own = (
        b'{"messages": [{"role": "assistant", "content": "Yes."}]}\n',
        b'{"messages": [{"role": "user", "content": "?"}]}\n',
    )
    trained, validated = (_upload(plane, rows) for rows in (shared + own, shared))

    found = plan(
        plane,
        datasets=[{"source": {"type": "file", "file_id": trained}}],
        validation_datasets=[{"source": {"type": "file", "file_id": validated}}],
    )

    assert f"1 rows of {validated} are also in {trained}, which is trained on." in found["warnings"]


def _upload(plane: ControlPlane, rows: bytes) -> str:
    answer = plane.http.post("/v1/files", data={"purpose": "fine-tune"}, files={"file": ("rows.jsonl", rows)})
    return str(answer.raise_for_status().json()["id"])


def test_while_redis_is_away_a_plan_still_shows_the_config(plane: ControlPlane) -> None:
    plane.redis_server.kill()

    found = plan(plane)

    assert found["config"]["base_model"] == SPEC["base_model"]
    assert "Redis does not answer" in found["warnings"][0]


@on_both_databases
def test_a_plan_is_what_the_helper_says_for_the_gpu_that_the_job_would_get(
    plane: ControlPlane, helper: StandInHelper
) -> None:
    found = plan(plane)

    assert (found["rows"], found["steps"], found["tokens"]["trained"]) == (90, 12, 400)
    assert found["config"]["bf16"] is True
    assert found["axolotl_defaults"] == {"evaluation_of_axolotl": 7}
    assert found["memory"]["available_bytes"] == 80 * 2**30
    assert "more memory than the GPU has" in found["warnings"][0]
    assert found["time"] is None
    question = helper.questions[0]
    assert isinstance(question, PlanQuestion)
    assert (question.device.gpus, question.device.compute_capability) == (1, (9, 0))
    assert question.config == found["config"]


def test_what_axolotl_refuses_is_a_422_that_names_the_field_of_the_spec(
    plane: ControlPlane, helper: StandInHelper
) -> None:
    helper.answer = Refused(errors=(ConfigProblem("sequence_len", "Too long."), ConfigProblem(None, "And so on.")))

    answer = plane.http.post("/v1/jobs/plan", json=SPEC)

    assert answer.status_code == 422
    error = answer.json()["error"]
    assert (error["code"], error["param"]) == ("invalid_request", "hyperparameters.sequence_len")
    assert error["message"] == "Axolotl refuses the config: sequence_len: Too long. And 1 more."
    assert error["errors"][1] == {"param": None, "message": "And so on."}


def test_a_helper_that_fails_leaves_a_warning(plane: ControlPlane, helper: StandInHelper) -> None:
    helper.answer = Failed(message="The trainer's helper took too long.")

    found = plan(plane)

    assert found["steps"] is None
    assert found["warnings"] == ["The trainer's helper took too long."]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"adapter": {"type": "lora", "lora_r": 0}}, "adapter.lora_r"),
        ({"datasets": [{"source": {"type": "file", "file_id": f"file-{0:026d}"}}]}, "datasets.0.source.file_id"),
        ({"preset": "fast"}, "preset"),
    ],
)
def test_a_plan_refuses_what_a_submit_refuses(plane: ControlPlane, fields: dict[str, Any], param: str) -> None:
    planned = plane.http.post("/v1/jobs/plan", json=SPEC | fields)
    submitted = plane.http.post("/v1/jobs", json=SPEC | fields)

    assert (planned.status_code, submitted.status_code) == (422, 422)
    assert planned.json()["error"]["param"] == submitted.json()["error"]["param"] == param
    assert planned.json()["error"]["message"] == submitted.json()["error"]["message"]


def test_a_question_leaves_nothing_in_redis(
    plane: ControlPlane, helper: StandInHelper, gpu_host: StandInWorker
) -> None:
    plan(plane)

    assert not gpu_host.redis.keys("axo:question:*")
    assert not gpu_host.redis.keys("axo:answer:*")
    assert gpu_host.redis.ttl(redis_names.questions(gpu_host.id)) != -1  # it lives for a while at most


@on_both_databases
def test_the_time_is_estimated_from_runs_of_the_same_kind_that_ended_well(
    plane: ControlPlane, helper: StandInHelper, gpu_host: StandInWorker
) -> None:
    plane.submit()
    run = gpu_host.run_next()
    for step in range(1, 6):  # a step each ten seconds, and 50 trained tokens in it
        numbers = run._numbers()
        numbers["time"] = numbers["time"].replace(second=10 * step)
        values: dict[str, float | None] = {"tokens/trainable": 50 * step}
        run.says(Metric(**numbers, step=step, max_steps=5, epoch=1.0, values=values))
    run.finishes()
    wait_for(lambda: plane.all_jobs()[0]["status"] == "succeeded", "the job to succeed")

    same, another = plan(plane)["time"], plan(plane, adapter={"type": "full"})["time"]

    assert another is None
    assert same["runs"] == 1
    assert same["rests_on"].startswith("5.0 tokens/s")
    assert same["seconds"] == pytest.approx(400 / 5, abs=10)


def test_a_preset_fills_what_the_request_leaves_out(plane: ControlPlane) -> None:
    found = plan(plane, preset="quality", hyperparameters={"num_epochs": 7}, adapter={"type": "qlora", "lora_r": 4})
    job = plane.job(plane.submit(preset="quick", hyperparameters={"max_steps": 3}))

    assert (found["config"]["num_epochs"], found["config"]["sequence_len"]) == (7, 4096)
    assert (found["config"]["adapter"], found["config"]["lora_r"], found["config"]["lora_alpha"]) == ("qlora", 4, 64)
    assert found["defaults"]["hyperparameters.sequence_len"] == 4096
    assert (job["spec"]["preset"], job["spec"]["hyperparameters"]["max_steps"]) == ("quick", 3)
    assert job["spec"]["adapter"]["lora_r"] == 8


def test_configs_are_named_so_that_a_person_can_tell_them_apart(plane: ControlPlane) -> None:
    model = {"base_model": "Org/Some_Model-1.5B"}
    first, second = plane.submit(**model), plane.submit(**model)

    def name_of(job_id: str) -> str:
        return plane.http.get(f"/v1/jobs/{job_id}/config").headers["content-disposition"]

    day = plane.job(first)["created_at"][:10]
    assert name_of(first) == f'inline; filename="some-model-1.5b-{day}-sft-1.yaml"'
    assert name_of(second) == f'inline; filename="some-model-1.5b-{day}-sft-2.yaml"'
    assert plan(plane, **model)["config_name"] == f"some-model-1.5b-{day}-sft-3.yaml"


def test_models_are_the_catalogues_and_those_that_were_trained_here(plane: ControlPlane, worker: StandInWorker) -> None:
    job_id = plane.submit(name="mine")
    worker.run_next().finishes()
    plane.wait_for_status(job_id, "succeeded")

    models = plane.get("/v1/models")["data"]

    base = next(model for model in models if model["id"] == "Qwen/Qwen2.5-0.5B-Instruct")
    assert (base["object"], base["kind"], base["owned_by"], base["parameters"]) == ("model", "base", "Qwen", 494032768)
    trained = next(model for model in models if model["job_id"] == job_id)
    assert trained["id"] == f"ft:org/model:local:mine:{job_id.removeprefix('ftjob-')}"
    assert trained["base_model"] == "org/model"


def test_rows_are_previewed_by_the_helper(plane: ControlPlane, helper: StandInHelper) -> None:
    content = b'{"messages": [{"role": "user", "content": "1?"}, {"role": "assistant", "content": "2"}]}\n'
    form = {"purpose": "fine-tune"}
    file_id = plane.http.post("/v1/files", files={"file": ("rows.jsonl", content)}, data=form).json()["id"]
    helper.answer = Previewed(
        rows=(SeenRow(row=1, text="1?2", ids=(1, 2), pieces=("1?", "2"), carries_loss=(False, True)),)
    )

    answer = plane.http.post(f"/v1/files/{file_id}/preview", json={"base_model": "org/model", "rows": 3})

    assert answer.status_code == 200, answer.text
    assert answer.json()["data"][0]["carries_loss"] == [False, True]
    assert helper.questions[0].config["datasets"][0]["type"] == "chat_template"


def test_a_preview_without_a_worker_says_so(plane: ControlPlane) -> None:
    form = {"purpose": "fine-tune"}
    content = b'{"messages": [{"role": "user", "content": "1?"}, {"role": "assistant", "content": "2"}]}\n'
    file_id = plane.http.post("/v1/files", files={"file": ("rows.jsonl", content)}, data=form).json()["id"]

    answer = plane.http.post(f"/v1/files/{file_id}/preview", json={"base_model": "org/model"})

    assert answer.status_code == 503
    assert "No worker can tell now" in answer.json()["error"]["message"]
