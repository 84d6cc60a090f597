"""`axo pull` and `axo verify`: a result taken away, and the proof that it is what was trained."""

from pathlib import Path
from typing import Annotated

import typer

from axo_cli.api import Api
from axo_cli.errors import CliError, UsageError
from axo_cli.job_names import job_of_result
from axo_cli.options import DEFAULT_URL, AsJson, Url
from axo_cli.output import print_json, print_lines, size
from axo_cli.results import pulling
from axo_cli.results.checking import differences
from axo_cli.results.signed import Result, manifest_path, read_result, trusted_key
from axo_contracts.manifest import FILENAME
from axo_contracts.meant_job import WHOLE_ID

RESULT = "A job's id, the beginning of it, its name, `latest`, or a model's name as `ft:…`."
Key = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, help="The service's public key in PEM. Left out: the service is asked."),
]


def pull(
    result: Annotated[str, typer.Argument(metavar="RESULT", help=RESULT)],
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", file_okay=False, help="Where to. Left out: the job's id.")
    ] = None,
    key: Key = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Download a result with its manifest; what breaks off goes on with the same command."""
    with Api(url) as api:
        found = _asked(api, result, key)
        place = folder or Path(found.job_id)
        pulling.pull(api, found, place)
    count = sum(file.bytes for file in found.served)
    if as_json:
        print_json({"job": found.job_id, "folder": str(place), "files": len(found.served), "bytes": count})
    else:
        print(f"{found.job_id} lies in {place}: {len(found.served)} files, {size(count)}, as they were signed.")


def verify(
    result: Annotated[str, typer.Argument(metavar="RESULT", help=f"{RESULT} Or a folder that `axo pull` made.")],
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", exists=True, file_okay=False, help="A folder with its files.")
    ] = None,
    key: Key = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Check a result's signature, and its files where there is a folder. Exits with 1 when anything differs."""
    with Api(url) as api:
        if folder is None and Path(result).is_dir():
            folder = Path(result)
            found = _pulled(api, folder, key)
        else:
            found = _asked(api, result, key)
    problems = [*differences(folder, found)] if folder else []
    _tell(found, folder, problems, as_json=as_json)
    if problems:
        raise CliError(
            f"{folder} is not as it was signed: {len(problems)} {'file' if len(problems) == 1 else 'files'}."
        )


def _asked(api: Api, result: str, key: Path | None) -> Result:
    """Return the result that a person means, by the manifest that the service has of it."""
    wanted = job_of_result(api, result)
    return read_result(api.content(manifest_path(wanted)), trusted_key(api, key), of=wanted)


def _pulled(api: Api, folder: Path, key: Path | None) -> Result:
    """Return the result in a folder, by the manifest there; in a folder that is named by a job's id, that job's."""
    try:
        content = (folder / FILENAME).read_bytes()
    except FileNotFoundError:
        raise UsageError(f"{folder} has no {FILENAME}: it is no result, or `axo pull` has not ended.") from None
    return read_result(content, trusted_key(api, key), of=folder.name if WHOLE_ID.fullmatch(folder.name) else None)


def _tell(found: Result, folder: Path | None, problems: list[str], *, as_json: bool) -> None:
    if as_json:
        checked = None if folder is None else str(folder)
        print_json({"job": found.job_id, "key_id": found.key_id, "folder": checked, "problems": problems})
        return
    print_lines(problems)
    if folder is None:
        print(f"The manifest of {found.job_id} is as it was signed by the key {found.key_id}.")
    elif not problems:
        print(f"{folder} is {found.job_id} as it was signed by the key {found.key_id}.")
