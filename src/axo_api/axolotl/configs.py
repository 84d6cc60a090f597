"""The config of any spec, Axolotl's or a task's, without what depends on the device."""

from typing import Any

from axo_api.axolotl.compiler import compile_config
from axo_api.axolotl.inputs import Inputs
from axo_api.axolotl.task_config import preparing, task_config
from axo_api.axolotl.whole_config import whole_config
from axo_contracts.config_spec import ConfigSpec
from axo_contracts.jobs import JobSpec, PreprocessSpec, TrainSpec


def config_of(spec: JobSpec, inputs: Inputs) -> dict[str, Any]:
    """Return the config that `spec` means; what is `auto` is left out. Paths are relative to the workspace."""
    match spec:
        case TrainSpec():
            return _over(compile_config(spec, inputs), spec.axolotl)
        case PreprocessSpec():
            return preparing(_over(compile_config(spec, inputs), spec.axolotl))
        case ConfigSpec():
            return whole_config(spec, inputs)
        case _:
            return task_config(spec, inputs)


def _over(config: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Return `config` with what was `given` over it; mappings are merged, all else takes the place of what was."""
    merged = dict(config)
    for key, value in given.items():
        before = merged.get(key)
        merged[key] = _over(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return merged
