"""`axo demo`: see the whole thing work, here, in about a minute."""

from pathlib import Path
from typing import Annotated

import typer

from axo_cli.commands.up import TrainerPython
from axo_cli.following.views import choose_view
from axo_cli.options import AsJson
from axo_cli.output import console


def demo(
    home: Annotated[Path, typer.Option(help="The folder to run it in; an earlier demo's is emptied.")] = Path(".demo"),
    trainer_python: TrainerPython = None,
    as_json: AsJson = False,
) -> None:
    """Fine-tune a tiny model with the real Axolotl through the HTTP API, from start to end, and stop everything."""
    from axo_cli.demo.run import run_demo  # late, as in `up`
    from axo_cli.embedded.trainer import find_trainer

    out = console()
    view = choose_view(out, as_json=as_json, logs=out.is_terminal)
    run_demo(home.absolute(), find_trainer(trainer_python), view, lambda line: typer.echo(line, err=as_json))
