"""A job's spec from a YAML file and flags, with the local files that it names uploaded.

In a spec file the source of a data set may be written as plain text: the path of a local file, relative to the spec. It
is uploaded, and its id takes its place:

    datasets: [rows.jsonl]                        # or, with a format
    datasets: [{source: rows.jsonl, format: {…}}]
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axo_cli.errors import UsageError
from axo_contracts.config_text import read_config

Spec = dict[str, Any]
Upload = Callable[[Path], str]
"""Sends a file and returns its id."""

DATASET_FIELDS = ("datasets", "validation_datasets")


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """What was said on the command line; each goes before what the spec file says."""

    base_model: str | None = None
    data: list[Path] = field(default_factory=list)
    method: str | None = None
    adapter: str | None = None
    preset: str | None = None
    name: str | None = None
    num_epochs: float | None = None
    max_steps: int | None = None
    learning_rate: float | None = None
    then: list[str] = field(default_factory=list)


def read_spec(path: Path) -> Spec:
    """Return the spec in a YAML file. Raises `UsageError` when there is none."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}.") from error
    try:
        return read_config(text)
    except ValueError as error:
        raise UsageError(f"{path} holds no spec: {error}.") from error


def with_flags(spec: Spec, flags: Flags) -> Spec:
    """Return `spec` with the flags over it. Raises `UsageError` when there is nothing to train or to learn from."""
    merged = dict(spec)
    if flags.base_model:
        merged["base_model"] = flags.base_model
    if flags.preset:
        merged["preset"] = flags.preset
    if flags.name:
        merged["name"] = flags.name
    if flags.data:
        merged["datasets"] = [str(path.absolute()) for path in flags.data]
    if flags.method:
        merged["method"] = _of_type(merged.get("method"), flags.method)
    if flags.adapter:
        merged["adapter"] = _of_type(merged.get("adapter"), flags.adapter)
    if flags.then:
        merged["then"] = [_link(text) for text in flags.then]
    if hyperparameters := _hyperparameters(flags):
        merged["hyperparameters"] = (merged.get("hyperparameters") or {}) | hyperparameters
    if missing := [option for option, name in REQUIRED.items() if not merged.get(name)]:
        raise UsageError(f"There is nothing to train yet: give a SPEC.yaml, or {' and '.join(missing)}.")
    return merged


REQUIRED = {"--base-model": "base_model", "--data": "datasets"}


def with_uploads(spec: Spec, folder: Path, upload: Upload) -> Spec:
    """Return `spec` with each local file uploaded once, and local model folders as absolute paths.

    Relative paths are relative to `folder`. A missing file is found before the first upload.
    """
    parts = [spec, *chain_of(spec)]
    paths = {
        _local(text, folder) for part in parts for name in DATASET_FIELDS for text in _local_sources(part.get(name))
    }
    if missing := sorted(str(path) for path in paths if not path.is_file()):
        raise UsageError(
            f"There is no file {missing[0]}; a data set on the hub is written as {{source: {{type: hub, repo_id: …}}}}."
        )
    ids = {path: upload(path) for path in sorted(paths)}
    whole, *links = (part | _uploaded(part, folder, ids) for part in parts)
    chain = {"then": links} if links else {}
    return whole | chain | {"base_model": _base_model(spec["base_model"], folder)}


def chain_of(spec: Spec) -> list[Spec]:
    """Return the jobs that are to follow one. Raises `UsageError` when that is no list of jobs."""
    links = spec.get("then") or []
    if not isinstance(links, list) or not all(isinstance(link, dict) for link in links):
        raise UsageError("then is a list: a job each, as {kind: merge}.")
    return links


def _link(text: str) -> Spec:
    """Return what `KIND` or `KIND:FILE` means."""
    kind, _, file = text.partition(":")
    return {"kind": kind} | ({"datasets": [str(Path(file).absolute())]} if file else {})


def _uploaded(spec: Spec, folder: Path, ids: dict[Path, str]) -> Spec:
    return {name: [_by_id(dataset, folder, ids) for dataset in spec[name]] for name in DATASET_FIELDS if spec.get(name)}


def _local_sources(datasets: Any) -> list[str]:
    if datasets is None:
        return []
    if not isinstance(datasets, list):
        raise UsageError("datasets is a list: a local file's path each, or {source: …, format: …}.")
    sources = [dataset.get("source") if isinstance(dataset, dict) else dataset for dataset in datasets]
    return [source for source in sources if isinstance(source, str)]


def _by_id(dataset: Any, folder: Path, ids: dict[Path, str]) -> Any:
    written = dataset if isinstance(dataset, dict) else {"source": dataset}
    source = written.get("source")
    if not isinstance(source, str):
        return dataset
    return written | {"source": {"type": "file", "file_id": ids[_local(source, folder)]}}


def _local(text: str, folder: Path) -> Path:
    return (folder / Path(text).expanduser()).absolute()


def _base_model(text: Any, folder: Path) -> Any:
    if isinstance(text, str) and text.startswith(("./", "../", "~/")):
        return str((folder / Path(text).expanduser()).resolve())
    return text


def _of_type(before: Any, wanted: str) -> Spec:
    return before if isinstance(before, dict) and before.get("type") == wanted else {"type": wanted}


def _hyperparameters(flags: Flags) -> Spec:
    values = {
        "num_epochs": flags.num_epochs,
        "max_steps": flags.max_steps,
        "learning_rate": flags.learning_rate,
    }
    return {name: value for name, value in values.items() if value is not None}
