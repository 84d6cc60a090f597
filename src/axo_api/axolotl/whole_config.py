"""A whole Axolotl config as its run gets it: uploaded files among the inputs, and axo's own folders."""

from typing import Any

from axo_api.axolotl.inputs import Inputs
from axo_contracts.config_spec import DATASET_KEYS, FILE_ID, ConfigSpec, files_of
from axo_contracts.keep import NO_LIMIT
from axo_contracts.storage_paths import OUTPUTS, PREPARED

REPLACED = ("output_dir", "dataset_prepared_path", "resume_from_checkpoint", "auto_resume_from_checkpoints")


def whole_config(spec: ConfigSpec, inputs: Inputs) -> dict[str, Any]:
    """Return the config of `spec`. Paths are relative to the workspace."""
    config = {key: value for key, value in spec.config.items() if key not in REPLACED}
    for key in DATASET_KEYS:
        if isinstance(entries := config.get(key), list):
            put = _streamed if key == "pretraining_dataset" else _loaded
            config[key] = [put(entry, inputs) if isinstance(entry, dict) else entry for entry in entries]
    if spec.keep is not None:
        config["save_total_limit"] = NO_LIMIT
    return config | {"output_dir": OUTPUTS, "dataset_prepared_path": PREPARED}


def _loaded(entry: dict[str, Any], inputs: Inputs) -> dict[str, Any]:
    moved = _with_data_files(entry, inputs)
    if not _is_file_id(entry.get("path")):
        return moved
    defaults = {"ds_type": inputs.dataset_type(entry["path"]), "split": "train"}
    given = {key: entry.get(key) or value for key, value in defaults.items()}
    return moved | given | {"path": inputs.path(entry["path"])}


def _streamed(entry: dict[str, Any], inputs: Inputs) -> dict[str, Any]:
    """Return an entry that is read as a stream: there Axolotl knows a file by its loader, and the file as data."""
    moved = _with_data_files(entry, inputs)
    if not _is_file_id(entry.get("path")):
        return moved
    file_id, split = entry["path"], entry.get("split") or "train"
    return moved | {"path": inputs.dataset_type(file_id), "data_files": inputs.path(file_id), "split": split}


def _with_data_files(entry: dict[str, Any], inputs: Inputs) -> dict[str, Any]:
    if not entry.get("data_files"):
        return dict(entry)
    files = [inputs.path(file) if _is_file_id(file) else file for file in files_of(entry)]
    return entry | {"data_files": files if isinstance(entry["data_files"], list) else files[0]}


def _is_file_id(text: Any) -> bool:
    return isinstance(text, str) and FILE_ID.fullmatch(text) is not None
