"""From a spec to an Axolotl config. What depends on the device is added when the job is placed."""

from pathlib import PurePosixPath
from typing import Any

from axo_contracts.datasets import Dataset, FileSource, HubSource, PathSource, hub_options
from axo_contracts.jobs import TrainSpec
from axo_contracts.resources import Capabilities, resolve_for_device
from axo_contracts.storage_paths import INPUTS, OUTPUTS


def compile_config(spec: TrainSpec) -> dict[str, Any]:
    """Return the Axolotl config of `spec`, without what depends on the device. Paths are relative to the workspace."""
    config: dict[str, Any] = {
        "base_model": spec.base_model,
        **({"revision_of_model": spec.base_model_revision} if spec.base_model_revision else {}),
        **spec.adapter.axolotl_options(),
        **spec.method.axolotl_options(),
        "datasets": [_dataset(spec, dataset) for dataset in spec.datasets],
        "chat_template": "tokenizer_default",
        **spec.hyperparameters.axolotl_options(
            is_adapter=spec.is_adapter, has_validation=bool(spec.validation_datasets)
        ),
        "seed": spec.seed,
        "output_dir": OUTPUTS,
        "dataset_prepared_path": "prepared",
    }
    if spec.validation_datasets:
        config["test_datasets"] = [_dataset(spec, dataset) for dataset in spec.validation_datasets]
    return config


def resolve_config(config: dict[str, Any], spec: TrainSpec, capabilities: Capabilities) -> dict[str, Any]:
    """Return `config` with what was `auto` resolved for a worker with `capabilities`."""
    resolved = config | resolve_for_device(spec.resources, is_adapter=spec.is_adapter, capabilities=capabilities)
    if not capabilities.gpus or spec.resources.gpus == 0:
        resolved |= {"dataset_num_proc": 1, "dataloader_num_workers": 0}
    return resolved


def input_name(file_id: str) -> str:
    """Return the name under which an uploaded file lies among a run's inputs."""
    return f"{file_id}.jsonl"


def _dataset(spec: TrainSpec, dataset: Dataset) -> dict[str, Any]:
    options = spec.method.dataset_options(dataset.format)
    match dataset.source:
        case FileSource(file_id=file_id):
            path = PurePosixPath(INPUTS, input_name(file_id))
            return {"path": str(path), "ds_type": "json", "split": "train", **options}
        case PathSource(path=name):
            return {"path": name, "ds_type": "json", "split": "train", **options}
        case HubSource() as source:
            return {**hub_options(source), **options}
