"""A tiny Llama, an adapter that has learnt how its rows read, one that changes nothing, and what `generate` says."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.stack.embedded import TRAINERS

TRAINER_PYTHON = os.environ.get("AXO_TRAINER_PYTHON", "")
QUIET = {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}  # threads only wait for each other on so small a model
QUESTION = "What comes after 3?"
TOKENS = 24


@dataclass(frozen=True, slots=True)
class Tiny:
    """The folder with all of them, and what greedy `generate` answers to `QUESTION`, by model."""

    folder: Path
    said: dict[str, dict[str, Any]]

    @classmethod
    def make(cls, folder: Path) -> Self:
        """Make them with the trainer's Python."""
        command = [TRAINER_PYTHON, str(TRAINERS / "make_models_to_ask.py"), str(folder), QUESTION, str(TOKENS)]
        environment = {**os.environ, **QUIET}
        printed = subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE, text=True).stdout
        said = json.loads(printed.splitlines()[-1])
        _copy_with_zeros(folder / "adapter", folder / "idle", in_place_of="lora_B")  # B times A is then nothing
        _copy_with_zeros(folder / "adapter", folder / "spoiler", in_place_of="base_layer")
        return cls(folder, said)

    def path(self, name: str) -> str:
        """Return the folder of `model` or `merged`; of `adapter`, `idle`, or `spoiler`, which rewrites its base."""
        return str(self.folder / name)


def _copy_with_zeros(source: Path, target: Path, *, in_place_of: str) -> None:
    """Copy an adapter with zeros in those of its weights whose names hold a word."""
    shutil.copytree(source, target)
    file = target / "adapter_model.safetensors"
    content = bytearray(file.read_bytes())
    begin = 8 + int.from_bytes(content[:8], "little")
    for name, tensor in json.loads(content[8:begin]).items():
        if in_place_of in name:
            first, last = (begin + offset for offset in tensor["data_offsets"])
            content[first:last] = bytes(last - first)
    file.write_bytes(content)
