"""`axo watch`: the lifecycle of all jobs that one may see, live."""

from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

import msgspec
import typer
from rich.console import Console
from rich.text import Text

from axo_cli.api import Api
from axo_cli.errors import UsageError
from axo_cli.following.views import say_dropped
from axo_cli.interrupts import INTERRUPTED, heard_interrupts
from axo_cli.options import DEFAULT_URL, AsJson, Url
from axo_cli.output import console, print_event, status_text
from axo_cli.sse import follow
from axo_contracts.events import JobEvent
from axo_contracts.ids import JOB
from axo_contracts.lifecycle import JobStatus

SHORT_ID = 13  # characters: the time of the submit to the millisecond, and what tells those of one millisecond apart
STATUS_WIDTH = max(map(len, JobStatus))

_decode = msgspec.json.Decoder(JobEvent).decode


def watch(
    status: Annotated[list[JobStatus] | None, typer.Option(help="Only moves to this status; may be repeated.")] = None,
    event: Annotated[
        list[str] | None, typer.Option(help="Only this event (`resumed`, `axo.job.resumed.v1`); may be repeated.")
    ] = None,
    label: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="Only jobs with this metadata; may be repeated.")
    ] = None,
    owner: Annotated[str | None, typer.Option(help="For admins: whose jobs; `*`: everybody's.")] = None,
    after: Annotated[
        int | None, typer.Option(min=0, help="Begin behind the event with this number; 0: with the first of all.")
    ] = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Watch all jobs move, from now on, one line a move. Goes on when the connection drops; Ctrl-C ends it."""
    params: list[tuple[str, str]] = [("status", wanted.value) for wanted in status or ()]
    params += [("events", ",".join(map(_event_type, event)))] if event else []
    params += [_metadata(pair) for pair in label or ()]
    params += [("owner", owner)] if owner is not None else []
    params += [("after", str(after))] if after is not None else []
    try:
        with heard_interrupts(), Api(url) as api:
            api.get("/v1/jobs", limit=1, owner=owner)  # says at once when nothing answers, or not to this key
            _show(api, f"/v1/stream?{urlencode(params)}", console(), as_json=as_json, of_others=owner is not None)
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None


def _show(api: Api, path: str, out: Console, *, as_json: bool, of_others: bool) -> None:
    for event in follow(api, path, on_drop=say_dropped):
        if as_json:
            print_event(event.data)
        else:
            out.print(_line(_decode(event.data), of_others=of_others))


def _line(event: JobEvent, *, of_others: bool) -> Text:
    status = status_text(event.status)
    status.pad_right(STATUS_WIDTH - len(status))
    names = [event.owner] if of_others else []
    names += [event.name] if event.name else []
    said = Text.from_ansi(" ".join(event.message.split())).plain
    short_id = event.job.removeprefix(f"{JOB}-")[:SHORT_ID]
    return Text("  ").join(
        [Text(_clock(event.time)), Text(short_id), status, Text(": ".join(filter(None, ("/".join(names), said))))]
    )


def _clock(time: datetime) -> str:
    """Return a time as this machine's clocks show it, with the date unless that is today's."""
    here = time.astimezone()
    return f"{here:%H:%M:%S}" if here.date() == datetime.now().astimezone().date() else f"{here:%Y-%m-%d %H:%M:%S}"


def _event_type(name: str) -> str:
    return name if name.startswith("axo.") else f"axo.job.{name}.v1"


def _metadata(pair: str) -> tuple[str, str]:
    key, equals, value = pair.partition("=")
    if not equals:
        raise UsageError(f"--label {pair}: write it as KEY=VALUE.")
    return f"metadata[{key}]", value
