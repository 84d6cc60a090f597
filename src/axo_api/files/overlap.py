"""Rows that two files share: what a model has learned by heart says nothing about how well it learned."""

from pathlib import Path

from axo_api.errors import Conflict
from axo_api.files.checking.row_hashes import Estimate, common_rows
from axo_contracts import storage_paths


def overlap(storage_root: Path, file_id: str, other_id: str) -> Estimate:
    """Return how many distinct rows two files share, compared as they are written.

    Reads 8 bytes a row, in a fraction of a second; call it in a thread. Raises `Conflict` for a file that was uploaded
    by a version that kept nothing to compare.
    """
    paths = [storage_root / storage_paths.row_hashes(name) for name in (file_id, other_id)]
    try:
        return common_rows(*paths)
    except FileNotFoundError as error:
        name = Path(error.filename).stem
        raise Conflict(f"What {name} shares with others is not known: upload it again.", param="with") from None
