"""Whether the uploaded files that whole Axolotl configs name are there."""

from collections.abc import Sequence

from sqlalchemy import Connection

from axo_api.jobs.named_files import NoSuchFile, files_named
from axo_contracts.config_spec import ConfigSpec
from axo_contracts.datasets import FileSource

_FILES_NAMED = files_named()


def check_files_of_configs(connection: Connection, asked: Sequence[tuple[str, ConfigSpec]]) -> None:
    """Raise `NoSuchFile` for the first file that a config names and its owner does not have."""
    named = [
        (owner, field, source.file_id)
        for owner, spec in asked
        for field, source, _ in spec.sources()
        if isinstance(source, FileSource)
    ]
    if not named:
        return
    found = connection.execute(_FILES_NAMED, {"ids": list({file_id for *_, file_id in named})})
    there = {(row.owner, row.id) for row in found}
    for owner, field, file_id in named:
        if (owner, file_id) not in there:
            raise NoSuchFile(field, file_id)
