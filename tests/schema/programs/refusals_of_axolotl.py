"""`TRAINER_PYTHON refusals_of_axolotl.py FOLDER FILE…`: what Axolotl's validator says of each of these, as JSON."""

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
for name in sys.argv[2:]:
    refusals[name] = refusal(yaml.safe_load(Path(sys.argv[1], name).read_text(encoding="utf-8")))
print(json.dumps(refusals))
