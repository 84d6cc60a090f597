"""What a task's program in the trainer's environment is told, without what depends on the device."""

from typing import Any

from axo_api.axolotl.compiler import file_options
from axo_api.axolotl.inputs import Inputs
from axo_contracts.datasets import Dataset
from axo_contracts.storage_paths import OUTPUTS, PREPARED
from axo_contracts.tasks import Task
from axo_contracts.tasks.rows_task import RowsTask


def task_config(spec: Task, inputs: Inputs) -> dict[str, Any]:
    """Return the config of a task, but for its models. Paths are relative to the workspace."""
    config = {"kind": spec.kind, "seed": spec.seed, "output_dir": OUTPUTS, **spec.task_options()}
    if isinstance(spec, RowsTask):
        config |= {
            "datasets": [_dataset(spec, of, inputs) for of in spec.datasets],
            "batch_size": spec.batch_size,
            "max_rows": spec.max_rows,
        }
    return config


def preparing(config: dict[str, Any]) -> dict[str, Any]:
    """Return what prepares the data of a training by `config`, so that Axolotl finds it as that training's."""
    return {**config, "kind": "preprocess", "dataset_prepared_path": f"{OUTPUTS}/{PREPARED}"}


def _dataset(spec: RowsTask, dataset: Dataset, inputs: Inputs) -> dict[str, Any]:
    """Return how Axolotl reads a data set's rows, and how their fields are named."""
    row_format = spec.format_for(dataset.format)
    return {
        **file_options(dataset.source, inputs),
        "format": row_format.type,
        **row_format.field_names(),
        **row_format.axolotl_options(),
    }
