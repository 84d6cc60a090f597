"""`axo webhooks`: who is told of one's jobs, and how the telling goes."""

import sys
from typing import Annotated, Any

import typer

from axo_cli.api import Api
from axo_cli.options import DEFAULT_URL, AsJson, Url
from axo_cli.output import DASH, ago, print_json, print_table

webhooks = typer.Typer(no_args_is_help=True, help="Webhooks: URLs that are told of your jobs.")

PATH = "/v1/webhook_endpoints"
MOST_LISTED = 100
EndpointId = Annotated[str, typer.Argument(metavar="ID", help="An endpoint's id, as `axo webhooks list` shows it.")]


@webhooks.command()
def create(
    to: Annotated[str, typer.Argument(metavar="URL", help="Where to post: https://…")],
    event: Annotated[list[str] | None, typer.Option(help="May be given often. Left out: how jobs end.")] = None,
    name: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Have a URL told of your jobs, and print the secret that signs it this once."""
    asked = {"url": to, "event_types": event or None, "name": name}
    with Api(url) as api:
        endpoint = api.post_once(PATH, {field: value for field, value in asked.items() if value is not None})
    if as_json:
        print_json(endpoint)
        return
    print(f"{endpoint['id']} tells {endpoint['url']}. The secret is shown this once:", file=sys.stderr)
    print(endpoint["signing_secret"])


@webhooks.command("list")
def list_endpoints(url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """List the endpoints that are told."""
    with Api(url) as api:
        page = api.get(PATH, limit=MOST_LISTED)
    if as_json:
        print_json(page)
        return
    rows = [
        (one["id"], one["name"], one["url"], ", ".join(one["event_types"]), one["disabled_reason"] or "enabled")
        for one in page["data"]
    ]
    print_table(("WEBHOOK", "NAME", "URL", "EVENTS", "STATE"), rows, when_empty="There are no webhooks yet.")


@webhooks.command()
def delete(endpoint_id: EndpointId, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Tell an endpoint nothing more, and forget it."""
    with Api(url) as api:
        deleted = api.delete(f"{PATH}/{endpoint_id}")
    if as_json:
        print_json(deleted)
    else:
        print(f"{deleted['id']} is deleted.")


@webhooks.command()
def deliveries(endpoint_id: EndpointId, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """List the newest deliveries to an endpoint."""
    with Api(url) as api:
        page = api.get(f"{PATH}/{endpoint_id}/deliveries", limit=MOST_LISTED)
    if as_json:
        print_json(page)
        return
    rows = [
        (one["id"], one["event_type"], one["job_id"], one["status"], str(one["attempts"]), _tried(one))
        for one in page["data"]
    ]
    print_table(("DELIVERY", "EVENT", "JOB", "STATUS", "TRIES", "LAST"), rows, when_empty="Nothing was delivered yet.")


@webhooks.command()
def redeliver(
    endpoint_id: EndpointId,
    delivery_id: Annotated[str, typer.Argument(metavar="DELIVERY", help="As `axo webhooks deliveries` shows it.")],
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Deliver an event again."""
    with Api(url) as api:
        delivery = api.post_once(f"{PATH}/{endpoint_id}/deliveries/{delivery_id}/redeliver", None)
    if as_json:
        print_json(delivery)
    else:
        print(f"{delivery['id']} is delivered again.")


def _tried(delivery: dict[str, Any]) -> str:
    if delivery["last_attempt_at"] is None:
        return DASH
    return f"{ago(delivery['last_attempt_at'])}: {delivery['error'] or delivery['status_code']}"
