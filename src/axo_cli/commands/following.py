"""`axo follow` and `axo logs`: what a job says, live or so far."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from axo_cli.api import Api
from axo_cli.following.job import exit_code, follow_job
from axo_cli.following.views import choose_view
from axo_cli.interrupts import INTERRUPTED, heard_interrupts
from axo_cli.job_names import job_id
from axo_cli.options import DEFAULT_URL, AsJson, Job, Url
from axo_cli.output import console, number, print_event, print_json, print_lines
from axo_cli.sse import follow as follow_stream
from axo_cli.terminal_text import shown
from axo_contracts.frames import Log, decode
from axo_contracts.standing_text import loss_text


def follow(
    job: Job,
    logs: Annotated[bool, typer.Option(help="Show the trainer's log too.")] = True,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Follow a job to its end; it goes on when the connection drops. Exits with 0 if it succeeded, else 1."""
    with Api(url) as api:
        follow_to_end(api, _known(api, job), as_json=as_json, logs=logs)


def logs(
    job: Job,
    following: Annotated[bool, typer.Option("--follow", "-f", help="Go on as the log grows, until the end.")] = False,
    tail: Annotated[int | None, typer.Option(min=1, help="Only so many of the newest lines (without -f).")] = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Print what a job's trainer said."""
    with Api(url) as api:
        wanted = _known(api, job)
        if following:
            _follow_log(api, wanted, as_json=as_json)
            return
        text = api.text(f"/v1/jobs/{wanted}/logs", tail=tail)
    if as_json:
        print_json({"job": wanted, "lines": text.removesuffix("\n").split("\n") if text else []})
    else:
        sys.stdout.write(shown(text if text.endswith("\n") or not text else f"{text}\n"))


def follow_to_end(api: Api, wanted: str, *, as_json: bool, logs: bool) -> None:
    """Follow a job, say how it ended, and end the command with its exit code."""
    raise typer.Exit(exit_code(follow_detachably(api, wanted, as_json=as_json, logs=logs)))


def follow_detachably(api: Api, wanted: str, *, as_json: bool, logs: bool) -> dict[str, Any]:
    """Follow a job, say how it ended, and return it. Ctrl-C ends the command, and not the job."""
    with _detaching(wanted):
        found = follow_job(api, wanted, choose_view(console(), as_json=as_json, logs=logs))
    if not as_json:
        _say_end(found)
    return found


def _known(api: Api, job: str) -> str:
    """Return the id of a job after asking for it, so that a wrong id or address is told before following starts."""
    wanted = job_id(api, job)
    api.get(f"/v1/jobs/{wanted}")
    return wanted


def _follow_log(api: Api, wanted: str, *, as_json: bool) -> None:
    with _detaching(wanted):
        for event in follow_stream(api, f"/v1/jobs/{wanted}/logs/stream", on_drop=lambda: None):
            frame = decode(event.data)
            if isinstance(frame, Log):
                print_event(event.data) if as_json else print_lines([frame.text])


@contextmanager
def _detaching(wanted: str) -> Iterator[None]:
    try:
        with heard_interrupts():
            yield
    except KeyboardInterrupt:
        print(
            f"\nDetached; the job goes on. `axo follow {wanted}` shows it again, `axo cancel {wanted}` stops it.",
            file=sys.stderr,
        )
        raise typer.Exit(INTERRUPTED) from None


def _say_end(job: dict[str, Any]) -> None:
    progress, out = job["progress"], console()
    out.print(f"{job['id']} {job['status']}: {job['message'] or ''}".rstrip(": "))
    if progress and (loss := loss_text(progress["loss"], progress["non_finite"])):
        out.print(f"loss {number(progress['first_loss'])} → {loss} in {progress['step']} steps")
    if job["error"]:
        print_lines(job["error"]["log_tail"])
    if job["result"]:
        out.print(f"result: {job['result']['path']} (below the storage root)")
