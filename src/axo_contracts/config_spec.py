"""A whole Axolotl config as a job's spec: every way that Axolotl can train, in its own words."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema, model_validator

from axo_contracts.config_text import read_config
from axo_contracts.datasets import FileSource, HubSource, PathSource
from axo_contracts.keep import SAID_TWICE, Keep
from axo_contracts.limits import Limits
from axo_contracts.named_model import NamedModel
from axo_contracts.named_source import NamedSource
from axo_contracts.plain_data import plain
from axo_contracts.resources import Resources
from axo_contracts.strict import Labels, Name, Priority, Strict
from axo_contracts.tasks import Then
from axo_contracts.tools import ToolName

FILE_ID = re.compile(r"file-[0-9a-z]{26}")
HUB_NAME = re.compile(r"[A-Za-z0-9_][\w.-]*(/[A-Za-z0-9_][\w.-]*)?")
LOADERS = frozenset({"arrow", "csv", "json", "parquet", "text", "webdataset"})
DATASET_KEYS = ("datasets", "test_datasets", "pretraining_dataset")
BESIDE_ITS_OWN = (
    "base_model", "datasets", "validation_datasets", "method", "adapter", "hyperparameters", "axolotl",
    "integrations",
)  # fmt: skip


def _read(config: Any) -> Any:
    return read_config(config) if isinstance(config, str) else config


def _has_a_model(config: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(config.get("base_model"), str):
        raise ValueError("it names no base_model")  # noqa: TRY004 (what the client wrote)
    return config


Config = Annotated[
    dict[str, Any],
    BeforeValidator(_read),
    AfterValidator(plain),
    AfterValidator(_has_a_model),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "object"}], "title": "Config"}),
]


class ConfigSpec(Strict):
    """Train by a whole Axolotl config, as Axolotl's own examples are written.

    In `datasets`, `test_datasets` and `pretraining_dataset`, a `path` may be the id of an uploaded file (`file-…`), a
    name on the hub, or a path under a root that the operator allows. Output folders and resuming are axo's.
    """

    datasets: ClassVar[tuple[()]] = ()  # the typed ones: a config has its own words for them
    validation_datasets: ClassVar[tuple[()]] = ()
    kind: Literal["train"] = "train"
    config: Config
    """YAML as text, or the same as an object; at most 256 KiB. `GET /v1/schema` says what it may hold."""
    resources: Resources = Resources()
    """What the config says of precision, attention and kernels goes before `auto`."""
    limits: Limits = Limits()
    keep: Keep | None = None
    """Which checkpoints are kept. Left out: as the operator has it; else by the config's `save_total_limit`."""
    name: Name | None = None
    """A name for people: letters, digits, dot, dash and underscore."""
    metadata: Labels
    """Up to 16 labels of your own."""
    priority: Priority = 0
    """Of two jobs that wait, the one with the higher priority starts first."""
    then: Then = ()
    """Jobs that follow when this one has succeeded, each behind the one before it: `[{"kind": "merge"}, …]`."""

    @model_validator(mode="before")
    @classmethod
    def _says_it_once(cls, given: Any) -> Any:
        if isinstance(given, dict) and (beside := [name for name in BESIDE_ITS_OWN if name in given]):
            raise ValueError(
                f"{beside[0]} is said twice: `config` is a whole Axolotl config. Say it there, "
                f"or leave out config and write {beside[0]} beside base_model and datasets"
            )
        return given

    @model_validator(mode="after")
    def _says_once_what_is_kept(self) -> Self:
        if self.keep is not None and self.limits_its_checkpoints:
            raise ValueError(SAID_TWICE)
        return self

    @property
    def limits_its_checkpoints(self) -> bool:
        """Whether it says how many its trainer keeps."""
        return bool(self.config.get("save_total_limit"))

    @property
    def base_model(self) -> str:
        """The model that is trained."""
        return str(self.config["base_model"])

    @property
    def base_model_revision(self) -> str | None:
        """Its branch, tag or commit."""
        return self.config.get("model_revision") or self.config.get("revision_of_model") or None

    def named_models(self) -> tuple[NamedModel, ...]:
        """Return the model that is trained."""
        return (NamedModel("config.base_model", self.base_model, self.base_model_revision),)

    @property
    def tools(self) -> tuple[ToolName, ...]:
        """What a worker must have for it, beyond what every trainer has: nothing."""
        return ()

    @property
    def is_adapter(self) -> bool:
        """Whether the result is an adapter, not a whole model."""
        return bool(self.config.get("adapter"))

    @property
    def method_name(self) -> str:
        """How it trains, by the word for it: Axolotl's `rl`, or `sft`."""
        return str(self.config.get("rl") or "sft")

    @property
    def adapter_name(self) -> str:
        """What is trained: `lora`, `qlora`, or `full` for all weights."""
        return str(self.config.get("adapter") or "full")

    @property
    def micro_batches(self) -> tuple[int, int] | None:
        """`micro_batch_size` and `gradient_accumulation_steps`; None where the config counts its rows otherwise."""
        sizes = [self.config.get(name) or 1 for name in ("micro_batch_size", "gradient_accumulation_steps")]
        if self.config.get("batch_size") or not all(isinstance(size, int) for size in sizes):
            return None
        return sizes[0], sizes[1]

    def sources(self) -> Iterator[NamedSource]:
        """Yield what the config learns from, as far as its existence can be known before the run."""
        for key, index, entry in self._entries():
            place = f"config.{key}.{index}"
            path = entry.get("path")
            if (source := _source(path, entry)) and path not in LOADERS:
                yield NamedSource(f"{place}.path", source, may_be_folder=True)
            for file in files_of(entry):
                if (source := _source(file, entry)) and not isinstance(source, HubSource):
                    yield NamedSource(f"{place}.data_files", source, may_be_folder=False)

    def _entries(self) -> Iterator[tuple[str, int, dict[str, Any]]]:
        for key in DATASET_KEYS:
            entries = self.config.get(key)
            for index, entry in enumerate(entries if isinstance(entries, list) else ()):
                if isinstance(entry, dict):
                    yield key, index, entry


def _source(text: Any, entry: dict[str, Any]) -> FileSource | PathSource | HubSource | None:
    if not isinstance(text, str):
        return None
    if FILE_ID.fullmatch(text):
        return FileSource(file_id=text)
    if text.startswith("/"):
        return PathSource(path=text)
    if HUB_NAME.fullmatch(text) and len(text) <= 200 and not _is_synthetic(entry):
        revision = entry.get("revision")
        return HubSource(repo_id=text, revision=revision if isinstance(revision, str) and revision else None)
    return None


def _is_synthetic(entry: dict[str, Any]) -> bool:
    return entry.get("type") == "_synthetic"


def files_of(entry: dict[str, Any]) -> list[Any]:
    """Return the `data_files` of an entry, which may be one or a list."""
    files = entry.get("data_files")
    return files if isinstance(files, list) else [files]
