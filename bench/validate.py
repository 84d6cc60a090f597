"""Axolotl's own validation of a config by the warm helper, beside the way there and back alone."""

import os
import socket
import time
from pathlib import Path

from axo_contracts.questions import Device, Valid, ValidateQuestion
from axo_contracts.resources import LORA_KERNELS
from axo_worker.helping.client import ask
from axo_worker.helping.helper_process import helper_process, socket_of
from axo_worker.settings import Settings
from bench.figures import Figure, Target, p99

ROUNDS = 200
PAUSE_SECONDS = 0.2  # between two questions: they come now and then, from people and from starting jobs
LARGEST_P99_MS = 100.0
START_SECONDS = 120.0
CONFIG = {
    "base_model": "org/model",
    "adapter": "lora",
    "lora_r": 16,
    "lora_alpha": 32,
    "lora_target_linear": True,
    "datasets": [{"path": "inputs/rows.jsonl", "ds_type": "json", "type": "chat_template"}],
    "micro_batch_size": 2,
    "gradient_accumulation_steps": 4,
    "num_epochs": 1,
    "learning_rate": 1e-4,
    "bf16": True,
    "attn_implementation": "sdpa",
    **dict.fromkeys(LORA_KERNELS, False),
}


def run(folder: Path) -> list[Figure]:
    """Ask a helper of this machine's trainer, in turns with a question that it does not know."""
    helper = helper_process(Settings(worker_home=folder, trainer_python=Path(os.environ["AXO_TRAINER_PYTHON"])))
    helper.start_if_dead()
    try:
        _wait_until_warm(folder)
        _validate(folder)
        took, replied = zip(*((_validate(folder), _ask_nothing(folder)) for _ in range(ROUNDS)), strict=True)
    finally:
        helper.end(1)
    worst = p99(took)
    target = Target(f"p99 ≤ {LARGEST_P99_MS:g} ms", worst <= LARGEST_P99_MS)
    return [Figure.of("validate when warm", took, "way there and back", replied, target=target)]


def _wait_until_warm(home: Path) -> None:
    give_up_at = time.monotonic() + START_SECONDS
    while not socket_of(home).exists():
        if time.monotonic() > give_up_at:
            raise TimeoutError("the helper did not start")
        time.sleep(0.1)


def _validate(home: Path) -> float:
    time.sleep(PAUSE_SECONDS)
    began = time.perf_counter()
    answer = ask(home, ValidateQuestion(config=CONFIG, device=Device(gpus=1, compute_capability=(9, 0))), seconds=30)
    if not isinstance(answer, Valid):
        raise TypeError(f"{answer} is no valid config")
    return (time.perf_counter() - began) * 1000


def _ask_nothing(home: Path) -> float:
    time.sleep(PAUSE_SECONDS)
    began = time.perf_counter()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(str(socket_of(home)))
        connection.sendall(b'{"kind": "nothing"}\n')
        connection.recv(4096)
    return (time.perf_counter() - began) * 1000
