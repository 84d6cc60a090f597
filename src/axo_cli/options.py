"""Options that many commands share."""

from typing import Annotated

import typer

Url = Annotated[str, typer.Option("--url", envvar="AXO_URL", help="The service's address.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of text for people.")]
Job = Annotated[str, typer.Argument(metavar="JOB", help="A job's id, the beginning of it, its name, or `latest`.")]

DEFAULT_URL = "http://127.0.0.1:8400"
