"""Where a spec names what it learns from."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from axo_contracts.datasets import Dataset, Source

_NAMING = {"file": "file_id", "path": "path", "hub": "repo_id"}


class NamedSource(NamedTuple):
    """A source of rows, and the field that names it: `datasets.0.source.path`, `config.datasets.0.path`."""

    field: str
    source: Source
    may_be_folder: bool = False


def sources_in(field: str, datasets: Sequence[Dataset]) -> Iterator[NamedSource]:
    """Yield where the data sets that `field` lists have their rows from."""
    for index, dataset in enumerate(datasets):
        yield NamedSource(f"{field}.{index}.source.{_NAMING[dataset.source.type]}", dataset.source)
