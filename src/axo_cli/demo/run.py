"""The demo: make a tiny model and data, start the service, train over HTTP, follow live, show what came of it."""

import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axo_cli.api import Api
from axo_cli.demo.leftovers import processes_of
from axo_cli.demo.rows import write_rows
from axo_cli.demo.stack import DemoStack
from axo_cli.embedded import home_lock
from axo_cli.embedded.home import Home
from axo_cli.errors import CliError
from axo_cli.following.job import follow_job
from axo_cli.following.views import View
from axo_cli.output import number

MODEL_MAKER = Path(__file__).with_name("make_model.py")  # a program for the trainer's Python
MARK = "made-by-axo-demo"
LOSS_MUST_FALL_TO = 0.5  # of the first
GONE_WITHIN_SECONDS = 5.0
LONGEST_JOB_SECONDS = 900.0


def run_demo(folder: Path, trainer_python: Path, view: View, say: Callable[[str], None]) -> None:
    """Run it all in `folder`, and leave nothing running. Raises `CliError` when the model has not learned."""
    started = time.monotonic()
    _make_fresh(folder)
    rows, model = folder / "rows.jsonl", folder / "model"
    say(f"Making a tiny Llama and {write_rows(rows)} rows of chat for it in {folder} …")
    _make_model(trainer_python, rows, model)
    home = Home(folder)
    try:
        say("Starting the service …")
        with DemoStack(folder, trainer_python, say) as stack:
            say(f"The service is up:  {stack.url}  (its pages: {stack.url}/docs)")
            try:
                job = _train(stack.url, rows, model, view, say)
            finally:
                say("Stopping the service …")
    finally:
        _wait_until_gone(home)
    _say_result(job, home, say)
    say(f"Everything has stopped; no process is left. The whole demo took {time.monotonic() - started:.0f} s.")


def spec(model: Path, file_id: str) -> dict[str, Any]:
    """Return the demo's job. A model of random weights has to learn its embeddings too, and fast."""
    return {
        "name": "demo",
        "base_model": str(model),
        "datasets": [{"source": {"type": "file", "file_id": file_id}}],
        "method": {"type": "sft"},
        "adapter": {
            "type": "lora",
            "lora_r": 32,
            "lora_alpha": 64,
            "lora_modules_to_save": ["embed_tokens", "lm_head"],
        },
        "hyperparameters": {
            "num_epochs": 10,
            "micro_batch_size": 8,
            "gradient_accumulation_steps": 1,
            "learning_rate": 0.005,
            "sequence_len": 128,
            "save_steps": 60,
        },
    }


def _train(url: str, rows: Path, model: Path, view: View, say: Callable[[str], None]) -> dict[str, Any]:
    with Api(url) as api:
        file = api.upload(rows)
        job = api.post("/v1/jobs", spec(model, file["id"]))
        say(f"Uploaded {file['id']}, submitted {job['id']}; following it:")
        with _cancelled_when_overdue(url, job["id"]):
            return follow_job(api, job["id"], view)


@contextmanager
def _cancelled_when_overdue(url: str, job_id: str) -> Iterator[None]:
    """Cancel the job if it has not ended by `LONGEST_JOB_SECONDS`, so that no demo waits for ever."""

    def cancel() -> None:
        with Api(url) as api:
            api.post(f"/v1/jobs/{job_id}/cancel")

    timer = threading.Timer(LONGEST_JOB_SECONDS, cancel)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _make_fresh(folder: Path) -> None:
    """Empty the folder of an earlier demo. Raises `CliError` for one that holds anything else, or is in use."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).exists():
            raise CliError(f"{folder} holds something else than an earlier demo; name an empty folder with --home.")
        if home_lock.is_locked(folder):
            raise CliError(f"A demo runs in {folder} already; stop it, or name another folder with --home.")
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / MARK).touch()


def _make_model(trainer_python: Path, rows: Path, model: Path) -> None:
    command = [trainer_python, MODEL_MAKER, rows, model]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode:
        raise CliError(f"The trainer's Python cannot make the model:\n{made.stderr.strip()}")


def _wait_until_gone(home: Home) -> None:
    deadline = time.monotonic() + GONE_WITHIN_SECONDS
    while (left := processes_of(home)) or home_lock.is_locked(home.path):
        if time.monotonic() > deadline:
            raise CliError(f"These processes of the demo still run: {left or 'a service that holds its lock'}.")
        time.sleep(0.05)


def _say_result(job: dict[str, Any], home: Home, say: Callable[[str], None]) -> None:
    if job["status"] != "succeeded":
        raise CliError(f"{job['id']} {job['status']}: {job['message']}\n{_log_tail(job)}Its logs: {home.logs}")
    first, last = job["progress"]["first_loss"], job["progress"]["loss"]
    adapter = home.storage / job["result"]["path"]
    say("")
    say(f"job      {job['id']} {job['status']}")
    say(f"loss     {number(first)} → {number(last)} in {job['progress']['step']} steps")
    say(f"adapter  {adapter}")
    if not (adapter / "adapter_model.safetensors").is_file():
        raise CliError(f"There is no adapter in {adapter}.")
    if not last < first * LOSS_MUST_FALL_TO:
        raise CliError(f"The loss has fallen from {number(first)} to {number(last)} only; less than half was expected.")


def _log_tail(job: dict[str, Any]) -> str:
    return "".join(f"  {line}\n" for line in (job["error"] or {}).get("log_tail", []))
