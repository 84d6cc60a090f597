"""The `axo` command. A new command is a function in `commands/`, named here."""

import sys

import typer

from axo_cli.commands import (
    chat,
    demo,
    files,
    fleet,
    following,
    housekeeping,
    importing,
    jobs,
    keeping,
    keys,
    notify,
    plan,
    results,
    tasks,
    tensorboard,
    train,
    up,
    watching,
    webhooks,
)
from axo_cli.errors import CliError
from axo_cli.terminal_text import shown

app = typer.Typer(
    name="axo",
    help="Fine-tune models on your own GPUs.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(up.up)
app.command()(train.train)
app.command()(tasks.merge)
app.command()(tasks.quantize)
app.command()(tasks.export)
app.command()(tasks.evaluate)
app.command()(tasks.score)
app.command()(tasks.generate)
app.command()(tasks.push)
app.command()(chat.chat)
app.command()(plan.plan)
app.command()(plan.models)
app.command()(following.follow)
app.command()(watching.watch)
app.command("list")(jobs.list_jobs)
app.command()(jobs.show)
app.command()(following.logs)
app.command()(tensorboard.tensorboard)
app.command()(jobs.cancel)
app.command()(jobs.pause)
app.command()(jobs.resume)
app.command()(jobs.retry)
app.command()(jobs.delete)
app.command()(keeping.checkpoints)
app.command()(keeping.promote)
app.command()(results.pull)
app.command()(results.verify)
app.command()(fleet.workers)
app.command()(fleet.queue)
app.command()(housekeeping.gc)
app.command()(notify.notify)
app.add_typer(files.files, name="files")
app.add_typer(keys.keys, name="keys")
app.add_typer(importing.importing, name="import")
app.add_typer(webhooks.webhooks, name="webhooks")
app.command()(demo.demo)


def main() -> None:
    """Run one command; what goes wrong is one sentence on stderr and an exit code."""
    try:
        app()
    except CliError as error:
        print(shown(str(error), sys.stderr), file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
