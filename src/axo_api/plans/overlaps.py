"""Rows that are both trained on and validated on: they flatter the evaluation."""

from collections.abc import Iterator
from pathlib import Path

from axo_api.errors import Conflict
from axo_api.files.overlap import overlap
from axo_contracts.datasets import FileSource
from axo_contracts.jobs import JobSpec

VALIDATION = ("validation_datasets", "config.test_datasets")  # how the fields begin that name what is validated on


def shared_rows(spec: JobSpec, storage_root: Path) -> Iterator[str]:
    """Yield a sentence for each two uploaded files that share rows. Blocks; call it in a thread."""
    files = [(field, source.file_id) for field, source, _ in spec.sources() if isinstance(source, FileSource)]
    validation = {file_id for field, file_id in files if field.startswith(VALIDATION)}
    training = {file_id for field, file_id in files if not field.startswith(VALIDATION)}
    for trained, validated in sorted((one, other) for one in training for other in validation):
        try:
            found = overlap(storage_root, trained, validated)
        except Conflict as error:
            yield error.message
            continue
        if found.rows:
            about = "" if found.is_exact else "about "
            yield f"{about}{found.rows:,} rows of {validated} are also in {trained}, which is trained on."
