"""A real stack with the real trainer, shared by the tests of a module: its helper takes seconds to be warm."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.stack.embedded import TRAINERS, EmbeddedStack
from tests.waiting import WARM_SECONDS, wait_for

from axo_worker.helping.helper_process import socket_of

TRAINER_PYTHON = os.environ.get("AXO_TRAINER_PYTHON", "")


@pytest.fixture(scope="module")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Llama with a ChatML tokenizer."""
    folder = tmp_path_factory.mktemp("tiny")
    make = [TRAINER_PYTHON, str(TRAINERS / "make_tiny_model.py"), str(folder), "64"]
    subprocess.run(make, check=True, env={**os.environ, "HF_HUB_OFFLINE": "1"})
    return folder / "model"


@pytest.fixture(scope="module")
def trainer_stack(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Iterator[EmbeddedStack]:
    """A stack whose trainer is the real one, and whose jobs train the tiny model."""
    with EmbeddedStack(
        tmp_path_factory.mktemp("stack"), trainer=None, HF_HUB_OFFLINE="1", AXO_TRAINER_HELPER="true"
    ) as stack:
        stack.model = tiny_model
        wait_for(socket_of(stack.home / "worker").exists, "the helper to be warm", WARM_SECONDS)
        yield stack
