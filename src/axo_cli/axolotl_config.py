"""A whole Axolotl config as a job's spec: local data files that it names are uploaded, and flags go over it."""

from pathlib import Path
from typing import Any

from axo_cli.errors import UsageError
from axo_cli.spec import Flags, Spec, Upload

DATASET_KEYS = ("datasets", "test_datasets", "pretraining_dataset")
OF_A_SPEC = frozenset(
    {
        *("axolotl", "base_model_revision", "config", "hyperparameters", "kind", "limits", "metadata", "method"),
        *("name", "priority", "resources", "validation_datasets"),
    }
)


def is_axolotl_config(written: Spec) -> bool:
    """Return whether a YAML file holds a whole Axolotl config, not a spec of axo's.

    Its data sets tell: in a config each has a `path`, in a spec a `source` or is the source itself. Where neither has
    any, fields that only a spec has tell.
    """
    if isinstance(written.get("pretraining_dataset"), list):
        return True
    entries = written.get("datasets")
    for entry in entries if isinstance(entries, list) else ():
        return isinstance(entry, dict) and "path" in entry
    return bool(written) and not written.keys() & OF_A_SPEC and "micro_batch_size" in written


def as_spec(config: dict[str, Any], flags: Flags, folder: Path, upload: Upload) -> Spec:
    """Return the spec of a config, with each local file that is its data uploaded once.

    Relative paths are relative to `folder`. Raises `UsageError` for flags that mean a field of a spec.
    """
    if wrong := [f"--{name}" for name in ("data", "method", "adapter", "preset", "then") if getattr(flags, name)]:
        raise UsageError(f"{' and '.join(wrong)} cannot go over a whole Axolotl config; say it in the config.")
    given = {name: getattr(flags, name) for name in ("base_model", "num_epochs", "max_steps", "learning_rate")}
    over = {name: value for name, value in given.items() if value is not None}
    spec: Spec = {"config": _with_uploads(config, folder, upload) | over}
    return spec | ({"name": flags.name} if flags.name else {})


def _with_uploads(config: dict[str, Any], folder: Path, upload: Upload) -> dict[str, Any]:
    ids: dict[Path, str] = {}

    def id_of(text: Any) -> Any:
        path = (folder / Path(text).expanduser()).absolute() if isinstance(text, str) and text else None
        if path is None or not path.is_file():
            return text
        if path not in ids:
            ids[path] = upload(path)
        return ids[path]

    uploaded = dict(config)
    for key in DATASET_KEYS:
        if isinstance(entries := config.get(key), list):
            uploaded[key] = [_by_id(entry, id_of) if isinstance(entry, dict) else entry for entry in entries]
    return uploaded


def _by_id(entry: dict[str, Any], id_of: Any) -> dict[str, Any]:
    moved = dict(entry)
    if entry.get("path"):
        moved["path"] = id_of(entry["path"])
    if isinstance(files := entry.get("data_files"), list):
        moved["data_files"] = [id_of(file) for file in files]
    elif files:
        moved["data_files"] = id_of(files)
    return moved
