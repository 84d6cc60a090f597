"""Whether the files that a job names can be learnt from, and how the rows of each data set read."""

from collections.abc import Iterator, Sequence, Set
from typing import Any

from sqlalchemy import Connection

from axo_api.errors import Invalid
from axo_api.jobs.named_files import NoSuchFile, files_named
from axo_api.tables import files
from axo_contracts.datasets import Dataset, FileSource
from axo_contracts.formats import RowFormat, format_of
from axo_contracts.suitability import refused_format
from axo_contracts.tasks.rows_task import RowsTask
from axo_contracts.training import Training

_FILES_NAMED = files_named(files.c.report)

Asked = tuple[str, Training | RowsTask, dict[str, Any]]
"""A job's owner, its spec, and the spec as it will be written."""
Reports = dict[tuple[str, str], dict[str, Any]]
"""What files hold, by owner and id."""


def settle_data(connection: Connection, asked: Sequence[Asked]) -> None:
    """Write into each spec how the rows of its data sets read, where it leaves that open.

    Raises `Invalid` for a file that does not exist, has bad rows, or rows that do not suit the method.
    """
    ids = {of.source.file_id for _, spec, _ in asked for *_, of in _each(spec) if isinstance(of.source, FileSource)}
    reports = _reports(connection, ids)
    for owner, spec, written in asked:
        for field, index, dataset in _each(spec):
            row_format = _row_format(f"{field}.{index}.source.file_id", dataset, spec, owner, reports)
            written[field][index]["format"] = row_format.model_dump(mode="json")


def _each(spec: Training | RowsTask) -> Iterator[tuple[str, int, Dataset]]:
    validation = spec.validation_datasets if isinstance(spec, Training) else ()
    for field, datasets in (("datasets", spec.datasets), ("validation_datasets", validation)):
        for index, dataset in enumerate(datasets):
            yield field, index, dataset


def _reports(connection: Connection, file_ids: Set[str]) -> Reports:
    if not file_ids:
        return {}
    found = connection.execute(_FILES_NAMED, {"ids": list(file_ids)})
    return {(row.owner, row.id): row.report for row in found}


def _row_format(field: str, dataset: Dataset, spec: Training | RowsTask, owner: str, reports: Reports) -> RowFormat:
    if not isinstance(dataset.source, FileSource):
        return (spec.method if isinstance(spec, Training) else spec).format_for(dataset.format)
    file_id = dataset.source.file_id
    report = reports.get((owner, file_id))
    if report is None:
        raise NoSuchFile(field, file_id)
    if dataset.format is not None and not dataset.format.has_usual_names:  # the file was read by the usual names
        return dataset.format
    _check_rows(field, file_id, report, dataset, spec)
    return dataset.format or format_of(report["format"])


def _check_rows(field: str, file_id: str, report: dict[str, Any], dataset: Dataset, spec: Training | RowsTask) -> None:
    found = report["format"]
    if report["bad_rows"] or found is None:
        raise Invalid(f"{field}: {_what_is_wrong(file_id, report)}", param=field)
    refusal = refused_format(spec.method, found) if isinstance(spec, Training) else spec.refused_format(found)
    if refusal:
        raise Invalid(f"{field}: {file_id!r} has {found} rows; {refusal}.", param=field)
    if dataset.format is not None and dataset.format.type != found:
        raise Invalid(
            f"{field}: {file_id!r} has {found} rows, and not {dataset.format.type} rows; leave format out, or say in "
            "it how the fields are named.",
            param=field,
        )


def _what_is_wrong(file_id: str, report: dict[str, Any]) -> str:
    if not report["bad_rows"]:
        return f"{file_id!r} has no rows."
    first = report["problems"][0]
    return (
        f"{report['bad_rows']} of the rows of {file_id!r} cannot be used; row {first['row']}: {first['reason']} "
        f"GET /v1/files/{file_id}/report lists them."
    )
