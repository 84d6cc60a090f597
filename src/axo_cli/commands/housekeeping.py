"""`axo gc`: what the operator's rules sweep away, shown or done."""

from typing import Annotated, Any

import typer

from axo_cli.api import Api
from axo_cli.errors import CliError
from axo_cli.options import DEFAULT_URL, AsJson, Url
from axo_cli.output import ago, console, print_json, print_table, size

SWEEP_SECONDS = 3600.0


def gc(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would go, and why.")] = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Remove old files, checkpoints, logs and scratch by the service's rules (AXO_SWEEP__…). For admins."""
    with Api(url) as api:
        path = "/v1/housekeeping"
        found = api.get(path) if dry_run else api.post(path, seconds=SWEEP_SECONDS)
    if as_json:
        print_json(found)
    else:
        _show(found)
    if found["failed"]:
        told = "; ".join(f"{name}: {reason}" for name, reason in found["failed"].items())
        raise CliError(f"Not everything could go: {told}")


def _show(found: dict[str, Any]) -> None:
    rows = [
        (item["kind"], item["id"], item["owner"], size(item["bytes"]), ago(item["since"]), item["why"])
        for item in found["data"]
    ]
    has_rules = any(value is not None for name, value in found["rules"].items() if name != "every_hours")
    when_empty = "Nothing is to go." if has_rules else "There are no rules: AXO_SWEEP__… is not set, all is kept."
    print_table(("KIND", "ID", "OWNER", "SIZE", "SINCE", "WHY"), rows, when_empty=when_empty)
    if found["count"]:
        verb = "would go" if found["dry_run"] else "went"
        console().print(f"{found['count']} things {verb}, {size(found['bytes'])}.")
