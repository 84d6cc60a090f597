"""`axo files list` and `axo files upload`: training data on the service."""

from pathlib import Path
from typing import Annotated

import typer

from axo_cli.api import Api
from axo_cli.options import DEFAULT_URL, AsJson, Url
from axo_cli.output import DASH, ago, console, print_json, print_table, size

files = typer.Typer(no_args_is_help=True, help="Training data on the service.")


@files.command("list")
def list_files(url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """List the uploaded files."""
    with Api(url) as api:
        page = api.get("/v1/files")
    if as_json:
        print_json(page)
        return
    rows = [
        (file["id"], file["filename"], size(file["bytes"]), str(file.get("rows") or DASH), ago(file["created_at"]))
        for file in page["data"]
    ]
    columns = ("FILE", "NAME", "SIZE", "ROWS", "CREATED")
    print_table(columns, rows, when_empty="There are no files yet; `axo files upload` sends one.")


@files.command()
def upload(
    path: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A JSONL file, one row a line.")],
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Upload a file of rows; its id is what a spec names as `{type: file, file_id: …}`."""
    with Api(url) as api:
        file = api.upload(path)
    if as_json:
        print_json(file)
    else:
        console().print(f"{file['id']}  ({size(file['bytes'])}, {file.get('rows') or DASH} rows)")
