"""The spec that a command was given: a file of either kind, flags over it, and local data uploaded."""

from pathlib import Path

from axo_cli.api import Api
from axo_cli.axolotl_config import as_spec, is_axolotl_config
from axo_cli.spec import Flags, Spec, read_spec, with_flags, with_uploads
from axo_cli.uploading import upload


def build_spec(spec_file: Path | None, flags: Flags, api: Api) -> Spec:
    """Return the spec in a file, with the flags over it and its local files uploaded. Raises `CliError`."""
    written, folder = (read_spec(spec_file), spec_file.parent) if spec_file else ({}, Path())

    def upload_one(path: Path) -> str:
        return str(upload(api, path)["id"])

    if is_axolotl_config(written):
        return as_spec(written, flags, folder, upload_one)
    return with_uploads(with_flags(written, flags), folder, upload_one)
