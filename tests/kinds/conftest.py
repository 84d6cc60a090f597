"""A tiny model, an adapter that has learnt how its rows read, and a stack that runs tasks on them for all tests."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.kinds.running import ROWS, TRAINER_PYTHON, name_of, run
from tests.marked import MARK
from tests.stack.embedded import TRAINERS, EmbeddedStack

QUIET = {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}  # threads only wait for each other on so small a model


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny Llama, rows, and an adapter that was trained on them."""
    folder = tmp_path_factory.mktemp("tiny")
    environment = {**os.environ, **QUIET}
    for program, *rest in (("make_tiny_model", str(ROWS)), ("make_tiny_adapter",)):
        command = [TRAINER_PYTHON, str(TRAINERS / f"{program}.py"), str(folder), *rest]
        subprocess.run(command, check=True, env=environment)
    return folder


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, made: Path) -> Iterator[EmbeddedStack]:
    """A stack whose trainer leaves the adapter that was made, and whose tasks are the real ones."""
    passed = {
        "AXO_TEST_ADAPTER": str(made / "adapter"),
        "AXO_TRAINER_PASS_ENV": json.dumps([MARK, "AXO_TEST_ADAPTER"]),
        "AXO_ALLOWED_ROOTS": json.dumps([str(made)]),
        "AXO_LM_EVAL_TASKS": str(_lm_eval_task(made / "lm_eval")),
        **QUIET,
    }
    with EmbeddedStack(tmp_path_factory.mktemp("stack"), trainer="leaves_a_ready_adapter", **passed) as stack:
        stack.model = made / "model"
        yield stack


@pytest.fixture(scope="session")
def adapter(stack: EmbeddedStack) -> str:
    """The name of a result that is an adapter."""
    job = run(stack, **stack.spec(max_steps=1), name="learnt")
    return name_of(stack, job)


@pytest.fixture(scope="session")
def merged(stack: EmbeddedStack, adapter: str) -> str:
    """The name of the same result, merged."""
    return name_of(stack, run(stack, kind="merge", model=adapter))


@pytest.fixture(scope="session")
def rows(stack: EmbeddedStack, made: Path) -> list[dict[str, Any]]:
    """The rows that the adapter was trained on, uploaded, as a task's data sets."""
    lines = (made / "train.jsonl").read_text().splitlines()
    return [{"source": {"type": "file", "file_id": stack.upload([json.loads(line) for line in lines])}}]


def _lm_eval_task(folder: Path) -> Path:
    """Write a task for lm-eval, whose data lies beside it: which of two answers follows a question of the rows."""
    folder.mkdir()
    rows = [
        {
            "asked": f"<|im_start|>user\nWhat comes after {number}?<|im_end|>\n<|im_start|>assistant\n",
            "answers": [f"After {number} comes {number + 1}.", "No, no, no."],
        }
        for number in range(8)
    ]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    task = {
        "task": "what_comes_after",
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": str(folder / "rows.jsonl")}},
        "test_split": "test",
        "output_type": "multiple_choice",
        "doc_to_text": "{{asked}}",
        "doc_to_choice": "{{answers}}",
        "doc_to_target": 0,
        "target_delimiter": "",
        "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
    }
    (folder / "what_comes_after.yaml").write_text(yaml.safe_dump(task))
    return folder
