"""`axo up`: the whole service in this terminal."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

TrainerPython = Annotated[
    Path | None,
    typer.Option(envvar="AXO_TRAINER_PYTHON", help="The Python that has Axolotl. Default: `make trainer`'s."),
]


def up(
    home: Annotated[Path | None, typer.Option(envvar="AXO_HOME", help="The folder for all state.")] = None,
    port: Annotated[int, typer.Option(envvar="AXO_PORT", min=1, max=65535, help="The port of the API.")] = 8400,
    trainer_python: TrainerPython = None,
    cpu: Annotated[bool, typer.Option("--cpu", help="Leave the GPUs alone.")] = False,
) -> None:
    """Start the service here: queue server, API and one worker. Ctrl-C stops it."""
    # here, because the other commands would wait for these imports as long as for all of theirs
    from axo_cli.embedded.home import Home
    from axo_cli.embedded.supervisor import Supervisor
    from axo_cli.embedded.trainer import find_trainer

    where = Home((home or default_home()).absolute())
    supervisor = Supervisor(where, port=port, trainer_python=find_trainer(trainer_python), cpu_only=cpu, say=_say)
    asyncio.run(supervisor.run())


def _say(line: str) -> None:
    print(line, flush=True)


def default_home() -> Path:
    """Return the folder of state of who names none."""
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "axo"
