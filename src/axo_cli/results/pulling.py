"""A whole result brought here: its files side by side, and its manifest last, so that a folder with one is whole."""

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Event
from urllib.parse import quote

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from axo_cli.api import Api
from axo_cli.errors import CliError, UsageError
from axo_cli.results.downloading import Stopped, download, keep, part_of
from axo_cli.results.signed import Result, ResultFile
from axo_cli.terminal_text import harmless
from axo_contracts.manifest import FILENAME

AT_ONCE = 4


def pull(api: Api, result: Result, folder: Path) -> None:
    """Bring the files of a result into `folder`, and its manifest. What is there already is not fetched again.

    Raises `CliError`; what came is kept in files that end in .part, from which the next try goes on.
    """
    manifest = folder / FILENAME
    if manifest.exists() and manifest.read_bytes() != result.content:
        raise UsageError(f"{folder} holds another result; choose another folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _pull_files(api, result, folder)
        part_of(manifest).write_bytes(result.content)
        keep(part_of(manifest), manifest)
    except OSError as error:
        raise CliError(
            f"{error.filename or folder} cannot be written: {error.strerror}. What came is kept; give the same command "
            "again when that is mended."
        ) from error


def _pull_files(api: Api, result: Result, folder: Path) -> None:
    stop = Event()
    with _progress() as progress, ThreadPoolExecutor(AT_ONCE, thread_name_prefix="pull") as pool:
        started = []
        for file in result.served:
            shown = progress.add_task(harmless(file.path), total=file.bytes)
            grown: Callable[[int], None] = partial(_show, progress, shown)
            source = f"/v1/jobs/{result.job_id}/artifacts/{result.attempt}/{quote(file.path)}"
            started.append(pool.submit(_pull_one, api, source, folder / file.path, file, grown, stop))
        try:
            for one in started:
                one.result()
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise


def _pull_one(api: Api, source: str, target: Path, file: ResultFile, grown: Callable[[int], None], stop: Event) -> None:
    """Download one file; when that fails, the others are not waited for."""
    try:
        download(api, source, target, file, grown=grown, stop=stop)
    except Stopped:
        return
    except BaseException:
        stop.set()
        raise


def _show(progress: Progress, shown: TaskID, count: int) -> None:
    progress.update(shown, completed=count)


def _progress() -> Progress:
    file = TextColumn("{task.description}", markup=False)
    columns = (file, BarColumn(), DownloadColumn(), TransferSpeedColumn())
    return Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True)
