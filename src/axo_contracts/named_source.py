"""Where a spec names what it learns from."""

from typing import NamedTuple

from axo_contracts.datasets import Source


class NamedSource(NamedTuple):
    """A source of rows, and the field that names it: `datasets.0.source.path`, `config.datasets.0.path`."""

    field: str
    source: Source
    may_be_folder: bool = False
