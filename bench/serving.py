"""The first token of a second result on a base model that is in memory, beside the first token of a cold start."""

import json
import os
import subprocess
import time
from pathlib import Path
from statistics import median

import axo_cli
from axo_contracts.completions import Completion, Sampling, written_for_program
from axo_worker.serving.device import Device
from axo_worker.serving.model_process import ModelProcess
from axo_worker.settings import Settings
from bench.figures import Figure, Target

ROUNDS = 5
LARGEST_SHARE = 0.2  # of a cold start
PROGRAM = Path(__file__).parent / "programs" / "make_results.py"
MAKE_MODEL = Path(axo_cli.__file__).parent / "demo" / "make_model.py"
QUESTION = Completion(
    name="bench",
    base="base",
    prompts=("What comes next?",),
    sampling=Sampling(max_tokens=4, temperature=0.0),
    seconds=60.0,
)


def run(folder: Path) -> list[Figure]:
    """Start the process with the model, ask one result and then another, and end it; in rounds."""
    python = Path(os.environ["AXO_TRAINER_PYTHON"])
    _make_results(python, folder)
    settings = Settings(worker_home=folder / "home", trainer_python=python)
    cold, second = [], []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        process = ModelProcess(settings, Device.find(settings))
        try:
            cold.append(_first_token(process, folder, "one", began))
            second.append(_first_token(process, folder, "two", time.perf_counter()))
        finally:
            process.end()
    target = Target(f"≤ {LARGEST_SHARE:g} × cold", median(second) <= LARGEST_SHARE * median(cold))
    return [Figure.of("second result's first token", second, "a cold start's", cold, target=target)]


def _make_results(python: Path, folder: Path) -> None:
    """Write a base model and two results of it below `folder`."""
    rows = folder / "rows.jsonl"
    rows.write_text(json.dumps({"messages": [{"role": "user", "content": "What comes next?"}]}) + "\n")
    for command in ([MAKE_MODEL, rows, folder / "tiny"], [PROGRAM, folder / "tiny", folder]):
        subprocess.run([python, *command], check=True, stdout=subprocess.DEVNULL)


def _first_token(process: ModelProcess, folder: Path, result: str, began: float) -> float:
    """Return the milliseconds from `began` to the first token, and let the answer come to its end."""
    weights = {"base": str(folder / "base"), "revision": None, "adapter": str(folder / result)}
    process.ask(written_for_program(QUESTION, weights))
    milliseconds = None
    while True:
        for event in map(json.loads, process.events(1)):
            if event["kind"] == "failed":
                raise RuntimeError(event["message"])
            if event["kind"] == "piece" and milliseconds is None:
                milliseconds = (time.perf_counter() - began) * 1000
            if event["kind"] == "done":
                assert milliseconds is not None
                return milliseconds
