"""`axo notify`: tell people in their chats what becomes of jobs."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from axo_cli.commands.up import default_home
from axo_cli.embedded.home import Home
from axo_cli.errors import CliError, UsageError
from axo_observability import logs


def notify(
    config: Annotated[Path, typer.Option(help="The YAML file: see docs/notify.md.")] = Path("notify.yml"),
    redis_url: Annotated[
        str | None, typer.Option(envvar="AXO_REDIS_URL", help="The service's Redis. Default: that of `axo up`.")
    ] = None,
    home: Annotated[Path | None, typer.Option(envvar="AXO_HOME", help="The home of `axo up`.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Only say what goes where.")] = False,
) -> None:
    """Post to Discord, Slack, e-mail and more what becomes of jobs. Ctrl-C stops it; what it missed it tells later."""
    try:
        from axo_notify.config_file import BadConfig, read_settings
        from axo_notify.destinations import sender_for
        from axo_notify.run import run
        from axo_notify.summary import summary
    except ModuleNotFoundError as error:
        raise CliError(f"The notifier needs {error.name}; install it: pip install 'axo[notify]'.") from error
    try:
        settings = read_settings(config, os.environ)
    except BadConfig as error:
        raise UsageError(str(error)) from error
    for name, destination in settings.destinations.items():
        try:
            sender_for(destination)
        except ValueError as error:
            raise UsageError(f"{config}: destinations.{name}.{destination.kind}: {error}.") from error
    if check:
        print(*summary(settings), sep="\n")
        return
    logs.configure("console", "INFO")
    asyncio.run(run(settings, redis_url or Home((home or default_home()).absolute()).redis_url))
