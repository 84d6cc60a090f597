"""Every method that a CPU can train, with the real Axolotl, from the request to the file that was asked for."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.stack.embedded import EmbeddedStack
from tests.stack.rows_for_methods import rows_of

from axo_cli.demo.run import MODEL_MAKER

TRAINER_PYTHON = os.environ.get("AXO_TRAINER_PYTHON", "")

pytestmark = [
    pytest.mark.trainer,
    pytest.mark.skipif(not TRAINER_PYTHON, reason="AXO_TRAINER_PYTHON names no Python with Axolotl"),
]

LENGTH = {"type": "length", "unit": "characters", "maximum": 20}
ALIKE = {"type": "text_similarity"}
HYPERPARAMETERS = {
    "max_steps": 2,
    "micro_batch_size": 2,
    "gradient_accumulation_steps": 1,
    "sequence_len": 512,
    "save_steps": 2,
}
EVALUATED = {"hyperparameters": {**HYPERPARAMETERS, "val_set_size": 0.25, "eval_steps": 2}}
GENERATED = {"num_generations": 2, "max_completion_length": 8}
FULL = {"type": "full"}
QLORA = {"adapter": {"type": "qlora"}}
DORA = {
    "adapter": {
        "type": "lora",
        "peft_use_dora": True,
        "peft_use_rslora": True,
        "lora_target_modules": ["q_proj", "v_proj"],
    }
}

METHODS: dict[str, tuple[tuple[str, ...], dict[str, Any], dict[str, Any], str]] = {
    # what it is: rows, method, other fields, a metric that it reports; kinds of adapter are spread over the methods
    "sft on rows of four formats": (
        ("sharegpt", "alpaca", "input_output", "chat_template"),
        {"type": "sft"},
        DORA,
        "loss",
    ),
    "pretrain": (("completion",), {"type": "pretrain"}, {}, "loss"),
    "pretrain from a stream": (("completion",), {"type": "pretrain", "streaming": True}, {"adapter": FULL}, "loss"),
    "dpo with two losses": (
        ("preference",),
        {"type": "dpo", "dpo_loss_type": ["sigmoid", "bco_pair"], "dpo_loss_weights": [1.0, 0.5]},
        {},
        "rewards/margins",
    ),
    "ipo with QLoRA": (("preference_text",), {"type": "ipo"}, QLORA, "rewards/margins"),
    "simpo of all weights": (("preference_text",), {"type": "simpo"}, {"adapter": FULL}, "rewards/margins"),
    "orpo": (("preference_conversations",), {"type": "orpo"}, {}, "log_odds_ratio"),
    "kto": (("kto",), {"type": "kto"}, EVALUATED, "eval_loss"),
    "grpo": (("prompts",), {"type": "grpo", **GENERATED, "rewards": [LENGTH]}, EVALUATED, "eval_rewards/length/mean"),
    "gdpo with two rewards": (
        ("prompts",),
        {"type": "gdpo", **GENERATED, "rewards": [LENGTH, ALIKE]},
        {},
        "rewards/text_similarity/mean",
    ),
    "ebft": (("chat_template",), {"type": "ebft", **GENERATED}, {}, "ebft/alignment"),
    "reward": (("preference",), {"type": "reward"}, {}, "loss"),
    "process_reward": (("stepwise_supervised",), {"type": "process_reward"}, {}, "loss"),
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    """A stack with the real trainer and a tiny model, for all methods."""
    folder = tmp_path_factory.mktemp("methods")
    stack = EmbeddedStack(folder, trainer=None, HF_HUB_OFFLINE="1")
    try:
        rows = _write(folder / "rows.jsonl", rows_of("chat_template", 64))
        subprocess.run([TRAINER_PYTHON, str(MODEL_MAKER), str(rows), str(stack.model)], check=True)
        stack.wait_until_ready()
        yield stack
    finally:
        stack.close()


@pytest.mark.parametrize(("rows", "method", "fields", "metric"), METHODS.values(), ids=METHODS.keys())
def test_a_method_trains_from_the_request_to_the_artifacts(
    stack: EmbeddedStack,
    tmp_path: Path,
    rows: tuple[str, ...],
    method: dict[str, Any],
    fields: dict[str, Any],
    metric: str,
) -> None:
    paths = {kind: _write(tmp_path / f"{kind}.jsonl", rows_of(kind)) for kind in rows}
    job_id = stack.submit(
        {
            "base_model": str(stack.model),
            "datasets": [
                {"source": {"type": "path", "path": str(path)}, "format": {"type": kind}}
                for kind, path in paths.items()
            ],
            "method": method,
            "hyperparameters": HYPERPARAMETERS,
            **fields,
        }
    )

    job = stack.wait_for_end(job_id, 240)

    assert job["status"] == "succeeded", f"{job['message']}\n" + "\n".join((job["error"] or {}).get("log_tail", []))
    assert job["progress"]["step"] == 2
    names = {name for event in stack.stream(job_id) for name in event.get("values", {})}
    assert metric in names, names
    is_adapter = fields.get("adapter") != FULL
    weights = _weights(stack, job_id, "adapter_model" if is_adapter else "model")
    assert any("score" in name for name in weights) == ("reward" in method["type"]), weights.keys()


def _weights(stack: EmbeddedStack, job_id: str, name: str) -> dict[str, Any]:
    """Download the trained weights and return their names, as the file itself lists them."""
    answer = stack.http.get(f"/v1/jobs/{job_id}/artifacts/1/{name}.safetensors")
    assert answer.status_code == 200, answer.text
    length = int.from_bytes(answer.content[:8], "little")
    header: dict[str, Any] = json.loads(answer.content[8 : 8 + length])
    return header


def _write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path
