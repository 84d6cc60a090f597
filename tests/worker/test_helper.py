"""The warm helper: Axolotl's own validation, with the capabilities of a GPU that is elsewhere."""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.waiting import WARM_SECONDS, wait_for

from axo_contracts.orders import InputFile
from axo_contracts.questions import Device, Failed, PlanQuestion, Refused, Valid, ValidateQuestion
from axo_contracts.resources import LORA_KERNELS
from axo_worker.helping.client import NotThere, ask
from axo_worker.helping.helper_process import helper_process, socket_of
from axo_worker.kept_process import KeptProcess
from axo_worker.settings import Settings

TRAINER_PYTHON = os.environ.get("AXO_TRAINER_PYTHON", "")
HOPPER = Device(gpus=1, compute_capability=(9, 0))

pytestmark = [
    pytest.mark.trainer,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not TRAINER_PYTHON, reason="AXO_TRAINER_PYTHON names no Python with Axolotl"),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The home of a worker whose helper is warm; for all tests, because that takes seconds. Its path is a long one."""
    home = tmp_path_factory.mktemp("a-folder-whose-name-is-too-long-for-the-address-of-a-unix-socket" * 2)
    helper = helper_process(Settings(worker_home=home, trainer_python=Path(TRAINER_PYTHON)))
    helper.start_if_dead()
    try:
        wait_for(socket_of(home).exists, "the helper to be warm", WARM_SECONDS)
        yield home
    finally:
        helper.end(1)


@pytest.fixture
def validate(home: Path) -> Callable[..., Any]:
    def validate(device: Device = HOPPER, **changes: Any) -> Any:
        config = {key: value for key, value in {**CONFIG, **changes}.items() if value is not None}
        return ask(home, ValidateQuestion(config=config, device=device), seconds=120)

    return validate


CONFIG: dict[str, Any] = {
    "base_model": "org/model",
    "adapter": "lora",
    "lora_r": 8,
    "lora_alpha": 16,
    "lora_target_linear": True,
    "datasets": [{"path": "inputs/rows.jsonl", "ds_type": "json", "type": "chat_template"}],
    "chat_template": "tokenizer_default",
    "micro_batch_size": 2,
    "gradient_accumulation_steps": 4,
    "num_epochs": 1,
    "learning_rate": 1e-4,
    "bf16": True,
    "attn_implementation": "sdpa",
    **dict.fromkeys(LORA_KERNELS, False),
}


def test_a_config_is_accepted_for_a_gpu_that_is_not_here_and_comes_back_with_axolotls_defaults(
    validate: Callable[..., Any],
) -> None:
    answer = validate()

    assert isinstance(answer, Valid)
    assert answer.config["micro_batch_size"] == 2
    assert answer.config["lora_dropout"] == 0.0  # which Axolotl fills in
    assert "capabilities" not in answer.config


def test_what_the_device_cannot_do_is_refused_or_warned_of(validate: Callable[..., Any]) -> None:
    turing = Device(gpus=1, compute_capability=(7, 5))

    warned, refused = validate(turing), validate(turing, fp8=True)

    assert isinstance(warned, Valid)
    assert "bf16 requested" in warned.warnings[0]
    assert isinstance(refused, Refused)
    assert "fp8" in refused.errors[0].message


@pytest.mark.parametrize(
    ("changes", "param", "told"),
    [
        ({"adapter": "qlora"}, None, "load_in_4bit"),
        ({"save_steps": 5, "saves_per_epoch": 1}, None, "mutually exclusive"),
        ({"micro_batch_size": "many"}, "micro_batch_size", "integer"),
        ({"datasets": [{"path": "x", "type": "sharegpt"}]}, "datasets", "chat_template"),
        ({"base_model": None}, "base_model", "required"),
        ({"plugins": ["there.is.no.such.Plugin"]}, None, "there"),
    ],
)
def test_a_refusal_names_the_option_and_the_reason(
    validate: Callable[..., Any], changes: dict[str, Any], param: str | None, told: str
) -> None:
    answer = validate(**changes)

    assert isinstance(answer, Refused)
    assert answer.errors[0].param == param
    assert told in answer.errors[0].message


def test_a_question_whose_child_dies_is_a_failure_and_the_next_one_is_answered(
    home: Path, validate: Callable[..., Any], tmp_path: Path
) -> None:
    endless = tmp_path / "rows.jsonl"
    os.mkfifo(endless)  # whoever reads it waits for ever
    question = PlanQuestion(config=CONFIG, inputs=(_input(endless),), device=HOPPER)
    answers: list[Any] = []
    idle = set(wait_for(lambda: _spare_alone(home), "earlier questions to be done with"))
    asking = threading.Thread(target=lambda: answers.append(ask(home, question, seconds=120)))
    asking.start()
    wait_for(lambda: len(_helper(home).children()) == 2, "the next spare child")

    idle.pop().kill()  # which was given the question
    asking.join(120)

    assert isinstance(answers[0], Failed)
    assert "died of signal 9" in answers[0].message
    assert isinstance(validate(), Valid)


def test_a_question_that_takes_too_long_is_stopped(home: Path, tmp_path: Path) -> None:
    endless = tmp_path / "rows.jsonl"
    os.mkfifo(endless)
    question = PlanQuestion(config=CONFIG, inputs=(_input(endless),), device=HOPPER, seconds=0.5)

    answer = ask(home, question, seconds=120)

    assert isinstance(answer, Failed)
    assert "too long" in answer.message
    wait_for(lambda: _spare_alone(home), "its child to be gone")
    assert not list((home / "helper" / "work").iterdir())


def test_the_helper_has_no_gpu_and_no_secret_of_the_service(home: Path) -> None:
    environment = _helper(home).environ()

    assert environment["CUDA_VISIBLE_DEVICES"] == ""
    assert environment["AXOLOTL_DO_NOT_TRACK"] == "1"
    assert "AXO_REDIS_URL" not in environment


def test_without_a_helper_nobody_waits(tmp_path: Path) -> None:
    with pytest.raises(NotThere):
        ask(tmp_path, ValidateQuestion(config=CONFIG), seconds=120)


def test_a_helper_dies_with_whoever_started_it(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from axo_worker.settings import Settings;"
        "from axo_worker.helping.helper_process import helper_process;"
        "helper = helper_process(Settings(worker_home=Path(sys.argv[1]), trainer_python=Path(sys.argv[2])));"
        "helper.start_if_dead(); time.sleep(600)"
    )
    owner = KeptProcess([sys.executable, "-c", script, str(tmp_path), TRAINER_PYTHON])
    owner.start_if_dead()
    try:
        wait_for(socket_of(tmp_path).exists, "the helper to be warm", WARM_SECONDS)
        helper = _helper(tmp_path)
    finally:
        owner.end(5)

    helper.wait(5)
    assert not helper.is_running()


def _helper(home: Path) -> psutil.Process:
    """Return the process that serves the helper's socket."""
    of_home = f"{socket_of(home)}"
    found = [process for process in psutil.process_iter(["cmdline"]) if of_home in (process.info["cmdline"] or ())]
    return min(found, key=lambda process: process.create_time())


def _spare_alone(home: Path) -> list[psutil.Process]:
    """Return the child that waits for a question, when there is no other."""
    children = _helper(home).children()
    return children if len(children) == 1 else []


def _input(path: Path) -> InputFile:
    return InputFile(name=path.name, source=str(path), bytes=0, sha256="")
