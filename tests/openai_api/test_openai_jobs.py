"""Fine-tuning jobs, driven by OpenAI's unmodified Python client."""

from datetime import UTC, datetime
from typing import Any

import httpx
import openai
import pytest
from openai.types.fine_tuning import FineTuningJob
from tests.api.control_plane import ControlPlane
from tests.api.standin_worker import Run, StandInWorker
from tests.openai_api.clients import PAIRS, PROMPTS, assert_as_typed, client_of, upload
from tests.waiting import wait_for

from axo_contracts.frames import Metric
from axo_contracts.lifecycle import EndReason

pytestmark = pytest.mark.parametrize("service", ["sqlite", "postgres"], indirect=True)

GRADER: Any = {
    "type": "string_check",
    "name": "Right answer",
    "operation": "eq",
    "input": "{{sample.output_text}}",
    "reference": "{{item.reference_answer}}",
}


def create(client: openai.OpenAI, **options: Any) -> FineTuningJob:
    """Create a job; by default one on the operator's model."""
    return client.fine_tuning.jobs.create(**{"model": "gpt-4o-mini", "training_file": upload(client), **options})


def measured(run: Run, step: int, **values: float) -> None:
    """Report what was measured at a step of three."""
    numbers: dict[str, Any] = {"attempt": run.order.attempt, "seq": len(run.lines) + 1, "time": _moment(step)}
    run.says(Metric(**numbers, step=step, max_steps=3, epoch=step / 3, values=dict(values)))


def test_a_job_is_created_as_asked_and_states_what_auto_became(client: openai.OpenAI, service: ControlPlane) -> None:
    training, validation = upload(client), upload(client)

    job = client.fine_tuning.jobs.create(
        model="gpt-4o-mini",
        training_file=training,
        validation_file=validation,
        suffix="My model",
        seed=7,
        metadata={"team": "blue"},
        method={
            "type": "supervised",
            "supervised": {"hyperparameters": {"n_epochs": "auto", "batch_size": 6, "learning_rate_multiplier": 0.5}},
        },
    )

    assert_as_typed(job)
    assert (job.object, job.status, job.model, job.seed) == ("fine_tuning.job", "queued", "gpt-4o-mini", 7)
    assert (job.training_file, job.validation_file, job.metadata) == (training, validation, {"team": "blue"})
    assert job.hyperparameters.model_dump() == {"n_epochs": 3, "batch_size": 6, "learning_rate_multiplier": 0.5}
    spec = service.job(job.id)["spec"]
    assert (spec["base_model"], spec["name"], spec["method"]["type"]) == ("org/tiny", "My-model", "sft")
    assert spec["hyperparameters"]["learning_rate"] == pytest.approx(1e-4)
    assert spec["hyperparameters"]["micro_batch_size"] * spec["hyperparameters"]["gradient_accumulation_steps"] == 6


def test_hyperparameters_stand_in_their_older_place_too(client: openai.OpenAI) -> None:
    job = create(client, hyperparameters={"n_epochs": 2, "batch_size": "auto"})

    assert_as_typed(job)
    assert (job.hyperparameters.n_epochs, job.hyperparameters.batch_size) == (2, 8)


def test_all_that_the_native_api_has_can_be_asked_for_beside(client: openai.OpenAI, service: ControlPlane) -> None:
    job = create(
        client,
        model="org/model",
        extra_body={
            "method": {"type": "sft", "train_on_inputs": True},
            "adapter": {"type": "lora", "lora_r": 4},
            "resources": {"gpus": 0},
            "axolotl": {"lora_on_cpu": True},
            "hyperparameters": {"n_epochs": 2, "sequence_len": 64},
            "priority": 5,
        },
    )

    assert_as_typed(job)
    spec = service.job(job.id)["spec"]
    assert (spec["adapter"]["lora_r"], spec["resources"]["gpus"], spec["priority"]) == (4, 0, 5)
    assert (spec["hyperparameters"]["num_epochs"], spec["hyperparameters"]["sequence_len"]) == (2, 64)
    assert spec["method"]["train_on_inputs"]
    assert spec["axolotl"] == {"lora_on_cpu": True}


def test_dpo_takes_both_spellings_of_pairs(client: openai.OpenAI, service: ControlPlane) -> None:
    spelt = [
        {
            "input": row["input"],
            "preferred_completion": row["preferred_output"],
            "non_preferred_completion": row["non_preferred_output"],
        }
        for row in PAIRS
    ]

    for rows in (PAIRS, spelt):
        job = create(
            client,
            training_file=upload(client, rows),
            method={"type": "dpo", "dpo": {"hyperparameters": {"beta": 0.3, "n_epochs": 1}}},
        )

        assert_as_typed(job)
        assert job.method is not None
        assert job.method.dpo is not None
        assert job.method.dpo.hyperparameters is not None
        assert job.method.dpo.hyperparameters.beta == 0.3
        spec = service.job(job.id)["spec"]
        assert (spec["method"]["type"], spec["method"]["rl_beta"]) == ("dpo", 0.3)
        assert spec["datasets"][0]["format"]["type"] == "preference_openai"


def test_reinforcement_is_grpo_with_the_grader_as_its_reward(client: openai.OpenAI, service: ControlPlane) -> None:
    job = create(
        client,
        training_file=upload(client, PROMPTS),
        method={
            "type": "reinforcement",
            "reinforcement": {"grader": GRADER, "hyperparameters": {"batch_size": 3, "compute_multiplier": 2}},
        },
    )

    assert_as_typed(job)
    assert job.method is not None
    assert job.method.reinforcement is not None
    assert job.method.reinforcement.grader.to_dict() == GRADER
    method = service.job(job.id)["spec"]["method"]
    assert (method["type"], method["num_generations"]) == ("grpo", 8)
    assert method["rewards"][0] | {"weight": 1} == {**GRADER, "name": "right_answer", "weight": 1}


def test_a_multi_grader_is_a_weighted_sum_of_rewards(client: openai.OpenAI, service: ControlPlane) -> None:
    similar = {**GRADER, "type": "text_similarity", "name": "similar", "evaluation_metric": "fuzzy_match"}
    del similar["operation"]
    multi = {
        "type": "multi",
        "name": "both",
        "graders": {"right": GRADER, "similar": similar},
        "calculate_output": "0.75 * right + similar / 4",
    }

    job = create(
        client,
        training_file=upload(client, PROMPTS),
        method={"type": "reinforcement", "reinforcement": {"grader": multi}},
    )

    rewards = service.job(job.id)["spec"]["method"]["rewards"]
    assert [(reward["name"], reward["weight"]) for reward in rewards] == [("right", 0.75), ("similar", 0.25)]


@pytest.mark.parametrize(
    ("asked", "param", "code"),
    [
        ({"model": "gpt-4.1"}, "model", "model_not_found"),
        ({"model": "o3-mini"}, "model", "model_not_found"),
        ({"training_file": "file-none"}, "training_file", "invalid_request"),
        ({"training_file": f"file-{'0' * 26}"}, "training_file", "invalid_request"),
        ({"hyperparameters": {"n_epochs": 0}}, "hyperparameters.n_epochs", "invalid_request"),
        ({"suffix": "x" * 65}, "suffix", "invalid_request"),
        ({"extra_body": {"resorces": {}}}, "resorces", "invalid_request"),
        ({"extra_body": {"adapter": {"type": "lora", "lora_r": 0}}}, "adapter.lora_r", "invalid_request"),
        (
            {"method": {"type": "reinforcement", "reinforcement": {"grader": {"type": "python", "source": "x"}}}},
            "method.reinforcement.grader",
            "invalid_request",
        ),
    ],
)
def test_what_cannot_be_done_is_a_bad_request_that_names_the_field(
    client: openai.OpenAI, asked: dict[str, Any], param: str, code: str
) -> None:
    with pytest.raises(openai.BadRequestError) as refusal:
        create(client, **asked)

    assert (refusal.value.param, refusal.value.code) == (param, code)
    assert refusal.value.type == "invalid_request_error"
    assert refusal.value.request_id
    assert param.split(".")[0] in refusal.value.message


def test_an_unmapped_name_of_openais_is_refused_with_the_setting_that_mends_it(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="AXO_BASE_MODELS"):
        create(client, model="gpt-4.1-nano")


def test_a_snapshot_of_a_mapped_model_is_that_model(client: openai.OpenAI, service: ControlPlane) -> None:
    job = create(client, model="gpt-4o-mini-2024-07-18")

    assert job.model == "gpt-4o-mini-2024-07-18"
    assert service.job(job.id)["spec"]["base_model"] == "org/tiny"


def test_what_is_not_there_is_not_found(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError):
        client.fine_tuning.jobs.retrieve("ftjob-none")
    with pytest.raises(openai.NotFoundError):
        client.fine_tuning.jobs.list_events("ftjob-none")


def test_an_end_is_a_conflict_that_is_not_tried_again(service: ControlPlane, client: openai.OpenAI) -> None:
    job = create(client)
    client.fine_tuning.jobs.cancel(job.id)
    tries: list[httpx.Request] = []

    with client_of(service, max_retries=2) as patient:
        patient._client.event_hooks = {"request": [tries.append]}
        with pytest.raises(openai.ConflictError) as refusal:
            patient.fine_tuning.jobs.resume(job.id)

    assert refusal.value.response.headers["x-should-retry"] == "false"
    assert len(tries) == 1


def test_lists_are_paged_until_nothing_is_left(client: openai.OpenAI) -> None:
    file_id = upload(client)
    made = [create(client, training_file=file_id).id for _ in range(5)]

    listed = [job.id for job in client.fine_tuning.jobs.list(limit=2)]

    assert listed[:5] == made[::-1]
    assert len(listed) == len(set(listed))


def test_jobs_are_found_by_their_metadata(client: openai.OpenAI) -> None:
    odd = {'a "quoted" key': "it's", "empty": ""}
    labelled = create(client, metadata=odd).id
    other = create(client, metadata={"empty": "no"}).id
    plain = create(client).id

    def found(**query: Any) -> set[str]:
        return {job.id for job in client.fine_tuning.jobs.list(**query)} & {labelled, other, plain}

    assert found(metadata={'a "quoted" key': "it's"}) == {labelled}
    assert found(metadata=odd) == {labelled}
    assert found(metadata={"empty": ""}) == {labelled}
    assert found(metadata={}) == {labelled, other, plain}
    assert found(extra_query={"metadata": "null"}) == {plain}


def test_a_job_is_followed_to_its_end_by_events_checkpoints_and_its_result_file(
    client: openai.OpenAI, worker: StandInWorker
) -> None:
    job_id = create(client, suffix="s").id
    run = worker.run_next()
    run.turns_to("training", max_steps=3)
    measured(run, 1, loss=2.0, mean_token_accuracy=0.25, tokens_seen=100)
    measured(run, 2, loss=1.0, mean_token_accuracy=0.5, tokens_seen=200)
    measured(run, 2, eval_loss=1.5, eval_mean_token_accuracy=0.375)
    run.saves(2)
    run.deliver()

    def known_to_end() -> FineTuningJob | None:
        job = client.fine_tuning.jobs.retrieve(job_id)
        return job if job.estimated_finish is not None else None

    running = wait_for(known_to_end, "what is on disk to be reckoned with")
    assert_as_typed(running)
    assert (running.status, running.fine_tuned_model, running.result_files) == ("running", None, [])

    run.finishes(EndReason.COMPLETED)
    job = wait_for(lambda: _with_its_file(client, job_id), "the job to succeed")

    assert_as_typed(job)
    name = f"ft:gpt-4o-mini:local:s:{job_id.removeprefix('ftjob-')}"
    assert (job.fine_tuned_model, job.trained_tokens, job.finished_at is not None) == (name, 200, True)
    (file_id,) = job.result_files
    file = client.files.retrieve(file_id)
    assert_as_typed(file)
    assert (file.purpose, file.status) == ("fine-tune-results", "processed")
    assert client.files.content(file_id).text == (
        "step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy\n1,2.0,0.25,,\n2,1.0,0.5,1.5,0.375\n"
    )

    (checkpoint,) = client.fine_tuning.jobs.checkpoints.list(job_id)
    assert_as_typed(checkpoint)
    assert (checkpoint.step_number, checkpoint.fine_tuned_model_checkpoint) == (2, f"{name}:ckpt-step-2")
    assert (checkpoint.metrics.train_loss, checkpoint.metrics.valid_loss) == (1.0, 1.5)
    assert checkpoint.metrics.full_valid_mean_token_accuracy == 0.375

    events = list(client.fine_tuning.jobs.list_events(job_id, limit=2))
    assert len({event.id for event in events}) == len(events) == 8
    for event in events:
        assert_as_typed(event)
    told: list[Any] = [event.data for event in events if event.type == "message"]
    assert [data.get("status") for data in told] == ["succeeded", None, "running", "starting", "queued"]
    metrics = [event for event in events if event.type == "metrics"]
    assert metrics[-1].data == {
        "step": 1,
        "total_steps": 3,
        "train_loss": 2.0,
        "train_mean_token_accuracy": 0.25,
        "tokens_seen": 100.0,
    }


def test_a_job_has_one_result_file_however_the_service_dies(
    client: openai.OpenAI, service: ControlPlane, worker: StandInWorker
) -> None:
    job_id = create(client).id
    run = worker.run_next()
    measured(run, 1, loss=2.0)
    run.ends()
    run.deliver()
    worker.lose(run)
    run.release()

    for _ in range(3):
        service.restart()

    # a control plane that was away for longer than a file is waited for says at first that there is none
    job = wait_for(lambda: _with_its_file(client, job_id), "the job to have its file")
    named = [file_id for job in client.fine_tuning.jobs.list() for file_id in job.result_files]
    stored = [file.id for file in client.files.list(purpose="fine-tune-results")]
    assert (job.status, len(job.result_files)) == ("succeeded", 1)
    assert sorted(named) == sorted(stored)


def test_a_job_is_paused_resumed_and_cancelled(client: openai.OpenAI, worker: StandInWorker) -> None:
    job_id = create(client).id
    run = worker.run_next()

    paused = client.fine_tuning.jobs.pause(job_id)
    assert_as_typed(paused)
    assert _axo_status(paused) == "pausing"
    worker.lose(run)
    run.finishes(EndReason.PAUSED)
    wait_for(lambda: _axo_status(client.fine_tuning.jobs.retrieve(job_id)) == "paused", "the job to be paused")
    assert _axo_status(client.fine_tuning.jobs.resume(job_id)) in {"queued", "starting"}
    again = worker.run_next()
    cancelling = client.fine_tuning.jobs.cancel(job_id)

    assert_as_typed(cancelling)
    worker.lose(again)
    again.finishes(EndReason.CANCELLED)
    wait_for(lambda: _in_status(client, job_id, "cancelled"), "the job to be cancelled")


def test_a_failure_says_why(client: openai.OpenAI, worker: StandInWorker) -> None:
    job_id = create(client).id
    worker.run_next().finishes(EndReason.BAD_DATA)

    job = wait_for(lambda: _in_status(client, job_id, "failed"), "the job to fail")

    assert_as_typed(job)
    assert job.error is not None
    assert (job.error.code, job.error.param) == ("bad_data", "training_file")
    newest = next(iter(client.fine_tuning.jobs.list_events(job_id)))
    assert newest.level == "error"


def test_jobs_of_the_native_api_are_shown_too(client: openai.OpenAI, service: ControlPlane) -> None:
    typed = service.submit()
    whole = service.http.post(
        "/v1/jobs", json={"config": {"base_model": "org/model", "datasets": [{"path": "org/data", "type": "alpaca"}]}}
    ).json()["id"]

    for job_id in (typed, whole):
        job = client.fine_tuning.jobs.retrieve(job_id)

        assert_as_typed(job)
        assert job.model == "org/model"


async def test_the_asynchronous_client_does_the_same(service: ControlPlane) -> None:
    async with openai.AsyncOpenAI(base_url=f"{service.url}/v1", api_key="sk-none", max_retries=0) as client:
        with client_of(service) as plain:
            file_id = upload(plain)
        job = await client.fine_tuning.jobs.create(model="gpt-4o-mini", training_file=file_id)

        assert job.id in [listed.id async for listed in client.fine_tuning.jobs.list(limit=1)]
        assert (await client.fine_tuning.jobs.retrieve(job.id)).id == job.id
        assert [event.message async for event in client.fine_tuning.jobs.list_events(job.id)]
        assert (await client.fine_tuning.jobs.cancel(job.id)).status == "cancelled"


def _moment(step: int) -> datetime:
    return datetime(2026, 1, 2, 3, 4, step, tzinfo=UTC)


def _with_its_file(client: openai.OpenAI, job_id: str) -> FineTuningJob | None:
    """Return a job once it has its result file, for which one that ended a while ago does not wait."""
    job = _in_status(client, job_id, "succeeded")
    return job if job and job.result_files else None


def _in_status(client: openai.OpenAI, job_id: str, status: str) -> FineTuningJob | None:
    job = client.fine_tuning.jobs.retrieve(job_id)
    return job if job.status == status else None


def _axo_status(job: FineTuningJob) -> str:
    return str(job.to_dict()["axo_status"])
