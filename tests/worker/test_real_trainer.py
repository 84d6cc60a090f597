"""The real Axolotl on a CPU: it trains a tiny model, is cancelled with a checkpoint, and goes on from it."""

import hashlib
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.waiting import WARM_SECONDS
from tests.worker.rig import TRAINERS, Rig, wait_for

from axo_contracts import storage_paths
from axo_contracts.frames import AttemptStarted, Checkpoint, Metric, Phase
from axo_contracts.lifecycle import EndReason
from axo_contracts.orders import InputFile, RunOrder
from axo_contracts.pace import Pace
from axo_contracts.resources import LORA_KERNELS
from axo_worker.checkpoints import verify
from axo_worker.helping.helper_process import socket_of

TRAINER_PYTHON = os.environ.get("AXO_TRAINER_PYTHON", "")

pytestmark = [
    pytest.mark.trainer,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not TRAINER_PYTHON, reason="AXO_TRAINER_PYTHON names no Python with Axolotl"),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny Llama, and rows to train it on."""
    folder = tmp_path_factory.mktemp("tiny")
    make = [TRAINER_PYTHON, str(TRAINERS / "make_tiny_model.py"), str(folder), "64"]
    subprocess.run(make, check=True, env={**os.environ, "HF_HUB_OFFLINE": "1"})
    return folder


@pytest.fixture
def tiny(worker: Rig, made: Path) -> tuple[Path, InputFile]:
    """The tiny model, and its rows in the worker's storage."""
    rows = (made / "train.jsonl").read_bytes()
    (worker.storage / "rows.jsonl").write_bytes(rows)
    digest = hashlib.sha256(rows).hexdigest()
    return made / "model", InputFile(name="train.jsonl", source="rows.jsonl", bytes=len(rows), sha256=digest)


def config(model: Path, max_steps: int) -> dict[str, Any]:
    return {
        "base_model": str(model),
        "adapter": "lora",
        "lora_r": 8,
        "lora_alpha": 16,
        "lora_target_linear": True,
        **dict.fromkeys(("bf16", "fp16", "tf32", *LORA_KERNELS), False),
        "attn_implementation": "sdpa",
        "chat_template": "tokenizer_default",
        "datasets": [{"path": "inputs/train.jsonl", "ds_type": "json", "type": "chat_template"}],
        "dataset_prepared_path": "prepared",
        "dataset_num_proc": 1,
        "dataloader_num_workers": 0,
        "output_dir": "outputs",
        "sequence_len": 128,
        "micro_batch_size": 2,
        "gradient_accumulation_steps": 1,
        "num_epochs": 1000,
        "max_steps": max_steps,
        "save_steps": 10_000,
        "logging_steps": 1,
        "learning_rate": 0.001,
        "optimizer": "adamw_torch",
        "lr_scheduler": "constant",
        "seed": 42,
    }


def losses(worker: Rig, order: RunOrder) -> list[float]:
    values = [frame.values.get("loss") for frame in worker.frames(order) if isinstance(frame, Metric)]
    return [value for value in values if value is not None]


def tokens_seen(worker: Rig, order: RunOrder) -> list[float]:
    metrics = [frame for frame in worker.frames(order) if isinstance(frame, Metric)]
    return [seen for frame in metrics if (seen := frame.values.get("tokens_seen"))]


def test_axolotl_trains_is_cancelled_with_a_checkpoint_and_resumes(worker: Rig, tiny: tuple[Path, InputFile]) -> None:
    model, rows = tiny
    worker.start_agent(AXO_TRAINER_PYTHON=TRAINER_PYTHON, HF_HUB_OFFLINE="1")
    first = worker.order(config=config(model, 100_000), inputs=(rows,))
    wait_for(lambda: any(isinstance(frame, Metric) for frame in worker.frames(first)), "the first loss", 90)

    worker.ask(first, "cancel")
    assert worker.wait_for_end(first, 30).reason is EndReason.CANCELLED
    assert not worker.tree(first)
    saved = [frame for frame in worker.frames(first) if isinstance(frame, Checkpoint)][-1]
    whole = verify(worker.storage / storage_paths.attempt(first.job_id, 1) / saved.path)
    assert {"optimizer.pt", "scheduler.pt", "rng_state.pth", "trainer_state.json"} <= {f.path for f in whole.files}

    last_step = saved.step + 3
    again = {
        "job_id": first.job_id,
        "attempt": 2,
        "checkpoints_from": (str(storage_paths.attempt(first.job_id, 1)),),
        "recorded_step": saved.step - 1,  # as if the worker had been lost before it could say the last
        "inputs": (rows,),
    }
    second = worker.order(config=config(model, last_step), **again)

    assert worker.wait_for_end(second, 90).reason is EndReason.COMPLETED
    started = next(frame for frame in worker.frames(second) if isinstance(frame, AttemptStarted))
    assert started.resumed_from_step == saved.step
    steps = [frame.step for frame in worker.frames(second) if isinstance(frame, Metric) and "loss" in frame.values]
    assert steps == list(range(saved.step, last_step + 1))
    assert losses(worker, second)[0] == losses(worker, first)[saved.step - 1]
    assert losses(worker, second)[-1] < losses(worker, first)[0]
    assert tokens_seen(worker, second)[0] > tokens_seen(worker, first)[-1]


def test_a_config_that_axolotl_refuses_is_said_to_be_bad(worker: Rig, tiny: tuple[Path, InputFile]) -> None:
    model, rows = tiny
    worker.start_agent(AXO_TRAINER_PYTHON=TRAINER_PYTHON, HF_HUB_OFFLINE="1")

    order = worker.order(config={**config(model, 1), "micro_batch_size": "many"}, inputs=(rows,))

    end = worker.wait_for_end(order, 150)
    assert end.reason is EndReason.BAD_CONFIG
    assert "micro_batch_size" in end.message


def test_a_config_that_the_helper_refuses_ends_the_run_before_its_trainer_starts(
    worker: Rig, tiny: tuple[Path, InputFile]
) -> None:
    model, rows = tiny
    worker.start_agent(AXO_TRAINER_PYTHON=TRAINER_PYTHON, AXO_TRAINER_HELPER="true", HF_HUB_OFFLINE="1")
    wait_for(socket_of(worker.home).exists, "the helper to be warm", WARM_SECONDS)

    for _ in range(3):  # a helper that is slow on a busy machine holds nobody up: the trainer starts without it
        order = worker.order(config={**config(model, 1), "saves_per_epoch": 1}, inputs=(rows,))
        end = worker.wait_for_end(order, 80)
        if not any(isinstance(frame, AttemptStarted) for frame in worker.frames(order)):
            break

    assert end.reason is EndReason.BAD_CONFIG
    assert "save_steps and saves_per_epoch are mutually exclusive" in end.message
    assert not any(isinstance(frame, AttemptStarted) for frame in worker.frames(order))


def test_a_model_that_is_not_there_is_said_to_be_unavailable(worker: Rig, tiny: tuple[Path, InputFile]) -> None:
    model, rows = tiny
    worker.start_agent(AXO_TRAINER_PYTHON=TRAINER_PYTHON, HF_HUB_OFFLINE="1")

    order = worker.order(config=config(model.with_name("no-such-model"), 1), inputs=(rows,))

    assert worker.wait_for_end(order, 150).reason is EndReason.MODEL_UNAVAILABLE


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(b'{"messages": [{"role": "user", "content": \n', id="a line that is cut off"),
        pytest.param(b'{"question": "Why?", "answer": "Because."}\n', id="rows of another format"),
    ],
)
def test_data_that_axolotl_cannot_read_is_said_to_be_bad(worker: Rig, tiny: tuple[Path, InputFile], row: bytes) -> None:
    model, _ = tiny
    (worker.storage / "bad.jsonl").write_bytes(row * 8)
    digest = hashlib.sha256(row * 8).hexdigest()
    rows = InputFile(name="train.jsonl", source="bad.jsonl", bytes=len(row * 8), sha256=digest)
    worker.start_agent(AXO_TRAINER_PYTHON=TRAINER_PYTHON, HF_HUB_OFFLINE="1")

    order = worker.order(config=config(model, 1), inputs=(rows,))

    end = worker.wait_for_end(order, 150)
    assert end.reason is EndReason.BAD_DATA, end.log_tail


def test_a_loss_that_becomes_nan_is_said_to_have(worker: Rig, tiny: tuple[Path, InputFile]) -> None:
    model, rows = tiny
    worker.start_agent(AXO_TRAINER_PYTHON=TRAINER_PYTHON, HF_HUB_OFFLINE="1")

    order = worker.order(config={**config(model, 8), "learning_rate": 1e30, "max_grad_norm": 0}, inputs=(rows,))

    end = worker.wait_for_end(order, 150)
    assert end.reason is EndReason.NAN_LOSS, end.log_tail


def test_axolotl_says_each_part_of_its_work_in_its_order(worker: Rig, tiny: tuple[Path, InputFile]) -> None:
    model, rows = tiny
    worker.start_agent(AXO_TRAINER_PYTHON=TRAINER_PYTHON, HF_HUB_OFFLINE="1")

    order = worker.order(
        config={**config(model, 4), "save_steps": 2, "eval_steps": 2, "val_set_size": 0.25}, inputs=(rows,)
    )

    assert worker.wait_for_end(order, 90).reason is EndReason.COMPLETED
    said = [frame for frame in worker.frames(order) if isinstance(frame, Phase)]
    assert [frame.phase for frame in said] == [
        "preparing data",
        "loading model",
        *("training", "evaluating", "training"),  # Axolotl evaluates once before it begins
        *("evaluating", "training", "saving", "training"),
        *("evaluating", "training", "saving", "training"),
        "saving",
    ]
    assert (said[2].step, said[2].max_steps) == (0, 4)
    standing = Pace()
    for frame in worker.frames(order):
        standing.take(frame)
    found = standing.standing()
    assert found is not None
    assert (found.step, found.max_steps, found.phase) == (4, 4, None)
    assert found.tokens is not None
    assert found.tokens_per_second is not None
