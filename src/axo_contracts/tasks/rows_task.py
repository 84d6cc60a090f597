"""A task that reads rows of data: uploaded files, and files that the workers see."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from axo_contracts.datasets import Dataset, HubSource
from axo_contracts.format_names import FormatName
from axo_contracts.formats import RowFormat, format_of
from axo_contracts.methods import Sft
from axo_contracts.named_source import NamedSource, sources_in
from axo_contracts.strict import Count
from axo_contracts.tasks.task_spec import TaskSpec


class RowsTask(TaskSpec):
    """Rows go through the model in batches."""

    formats: ClassVar[tuple[FormatName, ...]] = Sft.formats
    """The row formats that it reads; the first is what it expects when nothing is said or known."""

    datasets: Annotated[tuple[Dataset, ...], Field(max_length=64)] = ()
    """The rows: uploaded files, or files under a root that the operator allows."""
    batch_size: Annotated[int, Field(ge=1, le=4096)] = 8
    """Rows that go through the model at once."""
    max_rows: Count | None = None
    """Stop after so many rows. Left out: all."""

    @model_validator(mode="after")
    def _reads_its_datasets(self) -> Self:
        for index, dataset in enumerate(self.datasets):
            if isinstance(dataset.source, HubSource):
                raise ValueError(  # noqa: TRY004 (what the client wrote)
                    f"datasets.{index}.source: only training reads data sets on the hub; upload the rows with "
                    "POST /v1/files, and name the file"
                )
            if dataset.format is not None and (refusal := self.refused_format(dataset.format.type)):
                raise ValueError(f"datasets.{index}.format: {refusal}")
        return self

    def refused_format(self, found: FormatName) -> str | None:
        """Return why rows of the format `found` are of no use, or None when they are."""
        if found in self.formats:
            return None
        return f"{self.kind} cannot use {found} rows; it takes {' or '.join(self.formats)} rows"

    def format_for(self, row_format: RowFormat | None) -> RowFormat:
        """Return the format to read rows by, where `row_format` was asked for."""
        return row_format or format_of(self.formats[0])

    def sources(self) -> Iterator[NamedSource]:
        """Return the rows that it reads."""
        return sources_in("datasets", self.datasets)
