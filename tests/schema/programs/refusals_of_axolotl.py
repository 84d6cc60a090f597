"""`TRAINER_PYTHON refusals_of_axolotl.py FOLDER`: what Axolotl's validator says of each config below it, as JSON."""

import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ.update(AXOLOTL_DO_NOT_TRACK="1", HF_HUB_OFFLINE="1")

import yaml
from axolotl.utils.config import prepare_plugins, validate_config
from axolotl.utils.dict import DictDefault

GPU = {"bf16": True, "fp8": True, "tf32": True, "n_gpu": 8, "n_node": 1, "compute_capability": "sm_100"}


def refusal(config: dict[str, Any]) -> str | None:
    """Return why Axolotl refuses `config`, if it does."""
    given = DictDefault(config)
    try:
        prepare_plugins(given)
        validate_config(given, capabilities=GPU, env_capabilities={"torch_version": "2.13.0"})
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


refusals = {}
for file in sorted(Path(sys.argv[1]).rglob("*.y*ml")):
    read = yaml.safe_load(file.read_text(encoding="utf-8"))
    if "base_model" in read:
        refusals[str(file.relative_to(sys.argv[1]))] = refusal(read)
print(json.dumps(refusals))
