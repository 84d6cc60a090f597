"""`axo keys create`, `list` and `revoke`: who may use the service. Needs an admin's key, or a service without any."""

import sys
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from axo_cli.api import Api
from axo_cli.errors import UsageError
from axo_cli.options import DEFAULT_URL, AsJson, Url
from axo_cli.output import DASH, ago, print_json, print_table
from axo_contracts.keys import Scope, expiry

keys = typer.Typer(no_args_is_help=True, help="API keys, for admins.")

MOST_LISTED = 100


@keys.command()
def create(
    owner: Annotated[str, typer.Option(help="Whose jobs and files the key makes and reaches.")],
    scope: Annotated[list[Scope] | None, typer.Option(help="May be given often. Left out: train.")] = None,
    expires: Annotated[str | None, typer.Option(help="12h, 90d, 4w, or a date. Left out: never.")] = None,
    name: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    organization: Annotated[str | None, typer.Option(help="Its OpenAI-Organization. Left out: the owner.")] = None,
    project: Annotated[str | None, typer.Option(help="Its OpenAI-Project. Left out: default.")] = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Make a key, and print it this once."""
    spec = {
        "owner": owner,
        "name": name,
        "scopes": scope,
        "expires_at": None if expires is None else _expiry(expires).isoformat(),
        "organization": organization,
        "project": project,
    }
    with Api(url) as api:
        key = api.post_once("/v1/keys", {field: value for field, value in spec.items() if value is not None})
    if as_json:
        print_json(key)
        return
    print(f"{key['id']} of {key['owner']}. The key is shown this once:", file=sys.stderr)
    print(key["key"])


@keys.command("list")
def list_keys(
    owner: Annotated[str | None, typer.Option(help="Only this owner's.")] = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """List the newest keys, with those that have expired or were revoked."""
    with Api(url) as api:
        page = api.get("/v1/keys", owner=owner, limit=MOST_LISTED)
    if as_json:
        print_json(page)
        return
    rows = [
        (key["id"], key["owner"], ", ".join(key["scopes"]), _state(key), _used(key), key["name"] or DASH)
        for key in page["data"]
    ]
    print_table(("KEY", "OWNER", "SCOPES", "STATE", "LAST USED", "NAME"), rows, when_empty="There are no keys yet.")


@keys.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="A key's id, as `axo keys list` shows it.")],
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Accept a key no longer; it takes effect within three seconds."""
    with Api(url) as api:
        key = api.delete(f"/v1/keys/{key_id}")
    if as_json:
        print_json(key)
    else:
        print(f"{key['id']} of {key['owner']} is revoked.")


def _expiry(text: str) -> datetime:
    try:
        return expiry(text, datetime.now(UTC))
    except ValueError as error:
        raise UsageError(f"--expires: {error}") from error


def _state(key: dict[str, Any]) -> str:
    if key["revoked_at"]:
        return f"revoked {ago(key['revoked_at'])}"
    if not key["expires_at"]:
        return "active"
    ends = datetime.fromisoformat(key["expires_at"])
    return f"{'expired' if ends <= datetime.now(UTC) else 'until'} {ends:%Y-%m-%d %H:%M}"


def _used(key: dict[str, Any]) -> str:
    return ago(key["last_used_at"]) if key["last_used_at"] else "never"
