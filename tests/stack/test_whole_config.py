"""A whole Axolotl config, as one finds it, trained by the real Axolotl on a CPU."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from tests.stack.embedded import TRAINERS, EmbeddedStack

TRAINER_PYTHON = os.environ.get("AXO_TRAINER_PYTHON", "")

pytestmark = [
    pytest.mark.trainer,
    pytest.mark.skipif(not TRAINER_PYTHON, reason="AXO_TRAINER_PYTHON names no Python with Axolotl"),
]

CONFIG = """
base_model: {model}
load_in_8bit: false
datasets:
  - path: {file_id}
    type: chat_template
    roles_to_train: [assistant]
dataset_prepared_path: last_run_prepared
val_set_size: 0
output_dir: ./outputs/lora-out
adapter: lora
lora_model_dir:
lora_r: 8
lora_alpha: 16
lora_dropout: 0.05
lora_target_linear: true
sequence_len: 256
wandb_project:
gradient_accumulation_steps: 1
micro_batch_size: 2
num_epochs: 1
max_steps: 3
optimizer: adamw_torch
lr_scheduler: cosine
learning_rate: 2e-4
bf16: auto
tf32: false
resume_from_checkpoint:
logging_steps: 1
warmup_steps: 1
saves_per_epoch: 1
weight_decay: 0.0
special_tokens:
"""


def test_a_whole_config_runs_as_it_stands(start_stack: Callable[..., EmbeddedStack], tmp_path: Path) -> None:
    make = [TRAINER_PYTHON, str(TRAINERS / "make_tiny_model.py"), str(tmp_path / "made"), "64"]
    subprocess.run(make, check=True, env={**os.environ, "HF_HUB_OFFLINE": "1"})
    stack = start_stack(trainer=None, AXO_ALLOWED_ROOTS=f'["{tmp_path}"]', HF_HUB_OFFLINE="1")
    text = CONFIG.format(model=tmp_path / "made" / "model", file_id=stack.upload())

    answer = stack.http.post("/v1/jobs", content=text, params={"name": "whole"}, headers={"Content-Type": "text/yaml"})
    assert answer.status_code == 201, answer.text
    job = stack.wait_for_end(answer.json()["id"])

    assert job["status"] == "succeeded", job
    assert job["progress"]["step"] == 3
    artifacts = stack.http.get(f"/v1/jobs/{job['id']}/artifacts").json()["data"]
    assert any(artifact["path"].endswith("adapter_model.safetensors") for artifact in artifacts)
    ran = yaml.safe_load(stack.http.get(f"/v1/jobs/{job['id']}/config").text)
    assert (ran["bf16"], ran["lora_mlp_kernel"], ran["output_dir"]) == ("auto", False, "outputs")
