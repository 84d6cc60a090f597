"""`axo files`: training data on the service."""

from pathlib import Path
from typing import Annotated

import typer

from axo_cli import uploading
from axo_cli.api import Api
from axo_cli.errors import CliError
from axo_cli.options import DEFAULT_URL, AsJson, Url
from axo_cli.output import DASH, ago, console, print_fields, print_json, print_table, size

FileId = Annotated[str, typer.Argument(metavar="FILE", help="A file's id.")]
WRAPPINGS = "A .jsonl, .json, .csv or .parquet file; also with .gz or .zst."

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
    path: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help=WRAPPINGS)],
    resume: Annotated[str | None, typer.Option(metavar="UPLOAD", help="Go on with an upload that broke off.")] = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Upload a file of rows; its id is what a spec names as `{type: file, file_id: …}`."""
    with Api(url) as api:
        file = uploading.upload(api, path, resume)
    if as_json:
        print_json(file)
    else:
        console().print(f"{file['id']}  ({size(file['bytes'])}, {file.get('rows') or DASH} rows)")
        if file.get("bad_rows"):
            said = f"Rows that cannot be used: {file['bad_rows']}; see `axo files report {file['id']}`."
            console().print(said, style="red")


@files.command()
def report(file_id: FileId, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Show what is in a file: its format, its counts, and each bad row with the reason."""
    with Api(url) as api:
        found = api.get(f"/v1/files/{file_id}/report")
    if as_json:
        print_json(found)
        return
    roles = ", ".join(f"{role} {count}" for role, count in found["roles"].items())
    print_fields(
        [
            ("rows", f"{found['rows']}, {found['bad_rows']} of them bad"),
            ("size", size(found["unpacked_bytes"] or found["bytes"])),
            ("format", found["format"] or DASH),
            ("turns a row", _distribution(found["turns"])),
            ("characters a row", _distribution(found["characters"])),
            ("roles", roles or DASH),
            *(("warning", warning) for warning in found["warnings"]),
        ]
    )
    problems = [(str(bad["row"]), str(bad["line"]), bad["reason"], bad["excerpt"]) for bad in found["problems"]]
    if problems:
        print_table(("ROW", "LINE", "REASON", "EXCERPT"), problems, when_empty="")


@files.command()
def preview(
    file_id: FileId,
    rows: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 5,
    url: Url = DEFAULT_URL,
) -> None:
    """Show the first rows of a file, one JSON a row."""
    with Api(url) as api:
        shown = api.get(f"/v1/files/{file_id}/preview", rows=rows)
    for row in shown["data"]:
        print_json(row["text"] if row["value"] is None else row["value"])


@files.command()
def overlap(
    file_id: FileId,
    other: Annotated[str, typer.Argument(metavar="OTHER", help="Another file's id, such as one to validate with.")],
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Count the rows that two files share."""
    with Api(url) as api:
        found = api.get(f"/v1/files/{file_id}/overlap", **{"with": other})
    if as_json:
        print_json(found)
    else:
        console().print(f"Rows that are in both files: {'' if found['is_exact'] else 'about '}{found['common_rows']}.")


@files.command()
def delete(
    file_id: FileId,
    force: Annotated[bool, typer.Option("--force", help="Also where jobs that have ended name it.")] = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Delete a file. Jobs that were trained on it cannot be retried then, and are named first."""
    with Api(url) as api:
        named = [one["id"] for one in api.get(f"/v1/files/{file_id}/dependents")["data"] if not one["must_end"]]
        if named and not force:
            raise CliError(f"{', '.join(named)} could not be retried without {file_id}; --force deletes it.")
        deleted = api.delete(f"/v1/files/{file_id}")
    if as_json:
        print_json(deleted)
    else:
        console().print(f"{file_id} is gone.")


def _distribution(found: dict[str, int] | None) -> str:
    if found is None:
        return DASH
    return f"{found['min']} to {found['max']}, median {found['median']}, p95 {found['p95']}"
