"""The real Axolotl accepts what each method compiles to, for a GPU too; and `weight` means there what it means here."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.contracts.specs import METHODS, formats_of, spec

from axo_api.axolotl.compiler import compile_config, resolve_config
from axo_cli.demo.run import MODEL_MAKER
from axo_contracts.resources import Capabilities, Gpu

TRAINER_PYTHON = os.environ.get("AXO_TRAINER_PYTHON", "")
PROGRAM = Path(__file__).parent.parent / "trainers" / "asks_axolotl.py"

pytestmark = [
    pytest.mark.trainer,
    pytest.mark.skipif(not TRAINER_PYTHON, reason="AXO_TRAINER_PYTHON names no Python with Axolotl"),
]

H100 = Gpu(index=0, uuid="GPU-0", name="H100", memory_bytes=80 * 2**30, compute_capability=(9, 0))
AS_AXOLOTL_SAYS = {
    "bf16": True,
    "fp8": True,
    "tf32": True,
    "n_gpu": 1,
    "n_node": 1,
    "compute_capability": "sm_90",
}
MORE: dict[str, tuple[str, dict[str, Any]]] = {
    "grpo with vLLM on the same GPU": ("grpo", {"options": {"vllm": {"mode": "colocate"}}}),
    "grpo with a vLLM server": (
        "grpo",
        {"options": {"vllm": {"mode": "server", "vllm_server_host": "vllm.internal"}}},
    ),
    "gspo": ("grpo", {"options": {"importance_sampling_level": "sequence", "loss_type": "grpo", "beta": 0.04}}),
    "ebft with vLLM": (
        "ebft",
        {"options": {"mode": "structured", "vllm": {"mode": "colocate"}}, "row_format": {"type": "chat_template"}},
    ),
    "ebft on plain text": ("ebft", {"row_format": {"type": "completion"}}),
    "a stream": ("pretrain", {"options": {"streaming": True}, "hyperparameters": {"max_steps": 10}}),
    "qlora": ("sft", {"adapter": {"type": "qlora"}, "hyperparameters": {"gradient_checkpointing": True}}),
    "all weights, packed": ("sft", {"adapter": {"type": "full"}, "hyperparameters": {"sample_packing": True}}),
    "dpo with every option": (
        "dpo",
        {
            "options": {
                "dpo_loss_type": ["robust", "sft"],
                "dpo_loss_weights": [1, 0.1],
                "dpo_label_smoothing": 0.1,
                "dpo_use_weighting": True,
                "dpo_ld_alpha": 0.5,
                "precompute_ref_log_probs": True,
            }
        },
    ),
    "rules on checkpoints": ("sft", {"keep": {"last": 1}}),
}
CASES = {
    **{
        f"{method} of {row_format} rows": (method, {"row_format": {"type": row_format}})
        for method in METHODS
        for row_format in formats_of(method)
    },
    **MORE,
}
WEIGHED = [
    {
        "messages": [
            {"role": "user", "content": "2 + 2?"},
            {"role": "assistant", "content": "5", "weight": 0},
            {"role": "user", "content": "Sure?"},
            {"role": "assistant", "content": "4", "weight": 1},
        ]
    },
    {"messages": [{"role": "user", "content": "1 + 1?"}, {"role": "assistant", "content": "2"}]},
]


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What Axolotl says of all cases, in one process: its import takes longer than all of them."""
    folder = tmp_path_factory.mktemp("agrees")
    rows, model = folder / "rows.jsonl", folder / "model"
    rows.write_text("".join(json.dumps(row) + "\n" for row in WEIGHED))
    subprocess.run([TRAINER_PYTHON, str(MODEL_MAKER), str(rows), str(model)], check=True)
    asked = {
        "configs": [*(_for_gpu(method, fields) for method, fields in CASES.values()), _wrong()],
        "capabilities": AS_AXOLOTL_SAYS,
        "data": _config_of_rows(rows, model, folder),
    }
    environment = {**os.environ, "AXOLOTL_DO_NOT_TRACK": "1", "HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "hf")}
    (folder / "asked.json").write_text(json.dumps(asked))
    command = [TRAINER_PYTHON, str(PROGRAM), "asked.json", "answer.json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr[-4000:]
    said: dict[str, Any] = json.loads((folder / "answer.json").read_text())
    return said


@pytest.mark.parametrize("case", CASES)
def test_axolotl_accepts_what_a_method_compiles_to_for_a_gpu(answer: dict[str, Any], case: str) -> None:
    assert answer["refusals"][list(CASES).index(case)] is None


def test_axolotl_looks_closely(answer: dict[str, Any]) -> None:
    assert "warmup_ratio is not supported with the simpo trainer" in answer["refusals"][-1]


def test_a_message_of_weight_0_carries_no_loss(answer: dict[str, Any]) -> None:
    assert sorted(answer["trained"]) == ["2<|im_end|>", "4<|im_end|>"]


def _for_gpu(method: str, fields: dict[str, Any]) -> dict[str, Any]:
    job = spec(method, **fields)
    return resolve_config(compile_config(job), job, Capabilities(gpus=(H100,)))


def _wrong() -> dict[str, Any]:
    config = _for_gpu("simpo", {})
    del config["warmup_steps"]
    return config | {"warmup_ratio": 0.1}


def _config_of_rows(rows: Path, model: Path, folder: Path) -> dict[str, Any]:
    job = spec("sft", base_model=str(model), datasets=[{"source": {"type": "path", "path": str(rows)}}])
    config = resolve_config(compile_config(job), job, Capabilities())
    return config | {"output_dir": str(folder / "outputs"), "dataset_prepared_path": str(folder / "prepared")}
