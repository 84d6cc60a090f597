"""Whether the parts of a job suit its method."""

from collections.abc import Iterator, Sequence

from axo_contracts.datasets import Dataset, HubSource
from axo_contracts.format_names import FormatName
from axo_contracts.formats import RowFormat
from axo_contracts.methods import Method


def unsuitable_data(
    method: Method, datasets: Sequence[Dataset], validation_datasets: Sequence[Dataset]
) -> Iterator[str]:
    """Yield why `method` cannot learn from these, a sentence each."""
    if method.streams and len(datasets) > 1:
        yield "datasets: it can stream one data set only; give one, or leave streaming out"
    names: dict[str, str] = {}
    for where, dataset in _each(datasets, validation_datasets):
        if dataset.format is not None and (refusal := refused_format(method, dataset.format.type)):
            yield f"{where}.format: {refusal}"
            continue
        row_format = method.format_for(dataset.format)
        yield from (f"{where}.format: {problem}" for problem in _unreadable(method, row_format))
        yield from (f"{where}.source: {problem}" for problem in _unheeded(method, dataset))
        yield from (f"{where}.format: {problem}" for problem in _other_names(row_format, names))


def refused_format(method: Method, found: FormatName) -> str | None:
    """Return why `method` takes no rows of the format `found`, or None when it does."""
    if found in method.formats:
        return None
    return f"{method.type} cannot learn from {found} rows; it takes {' or '.join(method.formats)} rows"


def _each(datasets: Sequence[Dataset], validation_datasets: Sequence[Dataset]) -> Iterator[tuple[str, Dataset]]:
    yield from ((f"datasets.{index}", dataset) for index, dataset in enumerate(datasets))
    yield from ((f"validation_datasets.{index}", dataset) for index, dataset in enumerate(validation_datasets))


def _unreadable(method: Method, row_format: RowFormat) -> Iterator[str]:
    try:
        method.dataset_options(row_format)
    except ValueError as error:
        yield str(error)


def _unheeded(method: Method, dataset: Dataset) -> Iterator[str]:
    """Yield what Axolotl would drop in silence of how a data set on the hub is named."""
    if not isinstance(dataset.source, HubSource):
        return
    if dataset.source.name is not None and not method.keeps_hub_names:
        yield f"Axolotl heeds no configuration's name with {method.type}; leave name out, or upload the rows"
    if dataset.source.revision is not None and method.streams:
        yield "Axolotl heeds no revision of a data set that it streams; leave revision out"


def _other_names(row_format: RowFormat, names: dict[str, str]) -> Iterator[str]:
    """Yield which fields are named otherwise than in the data sets before: the plugin knows one name for each."""
    if not row_format.is_read_by_plugin:
        return
    for option, name in row_format.field_names().items():
        if names.setdefault(option, name) != name:
            yield f"{option} is {name!r} here, and {names[option]!r} in a data set before; name it alike in all"
