"""`axo tensorboard`: jobs in the TensorBoard of this machine, while they run too."""

import contextlib
import subprocess
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from axo_cli.api import Api
from axo_cli.errors import CliError, Unreachable
from axo_cli.event_files import EventFiles
from axo_cli.interrupts import heard_interrupts
from axo_cli.job_names import job_id
from axo_cli.options import DEFAULT_URL, Url
from axo_cli.output import console
from axo_cli.tensorboard_server import LOOK_SECONDS, begin, program

Jobs = Annotated[list[str], typer.Argument(metavar="JOB…", help="Jobs with the integration `tensorboard`.")]


def tensorboard(
    jobs: Jobs,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where it listens on loopback; 0: any free port.")] = 6006,
    url: Url = DEFAULT_URL,
) -> None:
    """Show jobs in TensorBoard, on this machine only, until Ctrl-C; a job that runs is followed."""
    command = program()
    with Api(url) as api, tempfile.TemporaryDirectory(prefix="axo-tensorboard-") as folder:
        files = [EventFiles(api, job_id(api, job), Path(folder)) for job in jobs]
        fetched = sum([one.fetch() for one in files])
        console().print(f"{fetched} event files of {len(files)} jobs; Ctrl-C ends TensorBoard.")
        with begin(command, Path(folder), port) as server, contextlib.suppress(KeyboardInterrupt), heard_interrupts():
            _follow(files, server)


def _follow(files: list[EventFiles], server: subprocess.Popen[bytes]) -> None:
    """Fetch what the jobs add to their event files until they have ended. Raises `CliError` when TensorBoard ends."""
    running = list(files)
    while running and _runs_on(server):
        with contextlib.suppress(Unreachable):  # it may come back
            ended = [one for one in running if one.has_ended()]  # asked first: what it wrote last is there by then
            for one in running:
                one.fetch()
            running = [one for one in running if one not in ended]
    raise CliError(f"TensorBoard has ended with exit code {server.wait()}.")


def _runs_on(server: subprocess.Popen[bytes]) -> bool:
    try:
        server.wait(LOOK_SECONDS)
    except subprocess.TimeoutExpired:
        return True
    return False
