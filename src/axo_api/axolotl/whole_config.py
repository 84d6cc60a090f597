"""A whole Axolotl config as its run gets it: uploaded files among the inputs, and axo's own folders."""

from pathlib import PurePosixPath
from typing import Any

from axo_api.axolotl.compiler import input_name
from axo_contracts.config_spec import DATASET_KEYS, FILE_ID, ConfigSpec, files_of
from axo_contracts.storage_paths import INPUTS, OUTPUTS

REPLACED = ("output_dir", "dataset_prepared_path", "resume_from_checkpoint", "auto_resume_from_checkpoints")


def whole_config(spec: ConfigSpec) -> dict[str, Any]:
    """Return the config of `spec`. Paths are relative to the workspace."""
    config = {key: value for key, value in spec.config.items() if key not in REPLACED}
    for key in DATASET_KEYS:
        if isinstance(entries := config.get(key), list):
            put = _streamed if key == "pretraining_dataset" else _loaded
            config[key] = [put(entry) if isinstance(entry, dict) else entry for entry in entries]
    return config | {"output_dir": OUTPUTS, "dataset_prepared_path": "prepared"}


def _loaded(entry: dict[str, Any]) -> dict[str, Any]:
    moved = _with_data_files(entry)
    if not _is_file_id(entry.get("path")):
        return moved
    defaults = {"ds_type": "json", "split": "train"}
    return moved | {key: entry.get(key) or value for key, value in defaults.items()} | {"path": _input(entry["path"])}


def _streamed(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry that is read as a stream: there Axolotl knows a file by its loader, and the file as data."""
    moved = _with_data_files(entry)
    if not _is_file_id(entry.get("path")):
        return moved
    return moved | {"path": "json", "data_files": _input(entry["path"]), "split": entry.get("split") or "train"}


def _with_data_files(entry: dict[str, Any]) -> dict[str, Any]:
    if not entry.get("data_files"):
        return dict(entry)
    files = [_input(file) if _is_file_id(file) else file for file in files_of(entry)]
    return entry | {"data_files": files if isinstance(entry["data_files"], list) else files[0]}


def _is_file_id(text: Any) -> bool:
    return isinstance(text, str) and FILE_ID.fullmatch(text) is not None


def _input(file_id: str) -> str:
    return str(PurePosixPath(INPUTS, input_name(file_id)))
