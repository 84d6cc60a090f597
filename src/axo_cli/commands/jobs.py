"""`axo list`, `show`, `cancel`, `pause`, `resume`, `retry`, `delete`: what there is, and what it can be told."""

from typing import Annotated, Any

import typer
from rich.text import Text

from axo_cli.api import Api
from axo_cli.job_names import job_id
from axo_cli.options import DEFAULT_URL, AsJson, Job, Url
from axo_cli.output import (
    DASH,
    ago,
    console,
    number,
    print_fields,
    print_json,
    print_lines,
    print_table,
    status_text,
)
from axo_contracts.spec_text import method_text, model_text
from axo_contracts.standing_text import loss_text, pace_text, rough, waiting_text


def list_jobs(
    status: Annotated[str | None, typer.Option(help="Only jobs with this status.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many, newest first.")] = 20,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """List the newest jobs."""
    with Api(url) as api:
        page = api.get("/v1/jobs", limit=limit, status=status)
    if as_json:
        print_json(page)
        return
    columns = ("JOB", "NAME", "STATUS", "STEP", "LOSS", "CREATED")
    print_table(columns, map(_row, page["data"]), when_empty="There are no jobs yet; `axo train` submits one.")


def show(job: Job, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Show one job: where it stands, why it ended, where its result is."""
    with Api(url) as api:
        found = api.get(f"/v1/jobs/{job_id(api, job)}")
    if as_json:
        print_json(found)
        return
    print_fields(_fields(found))
    if found["error"]:
        print("\nThe last lines of its log:")
        print_lines(found["error"]["log_tail"])


def cancel(job: Job, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Stop a job for good, at its next step, with a checkpoint."""
    _command(job, "cancel", url, as_json=as_json)


def pause(job: Job, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Stop a job at its next step, with a checkpoint, until it is resumed."""
    _command(job, "pause", url, as_json=as_json)


def resume(job: Job, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Queue a paused job again; it goes on from its checkpoint."""
    _command(job, "resume", url, as_json=as_json)


def retry(
    job: Job,
    scratch: Annotated[bool, typer.Option("--scratch", help="Start from the first step.")] = False,
    checkpoint: Annotated[str | None, typer.Option(help="Go on from this checkpoint, by its step or its id.")] = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Submit a job that has ended once more; it goes on from the newest checkpoint, if there is one."""
    named = int(checkpoint) if checkpoint and checkpoint.isdecimal() else checkpoint
    _command(job, "retry", url, as_json=as_json, body={"from_checkpoint": named or not scratch})


def delete(
    job: Job,
    force: Annotated[
        bool, typer.Option("--force", help="Also where other things name it or were made from it.")
    ] = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Delete a job that has ended: its outputs, its log and its record."""
    with Api(url) as api:
        found = api.delete(f"/v1/jobs/{job_id(api, job)}{'?force=true' if force else ''}")
    if as_json:
        print_json(found)
    else:
        console().print(f"{found['id']} is gone.")


def _command(job: str, command: str, url: str, *, as_json: bool, body: dict[str, Any] | None = None) -> None:
    with Api(url) as api:
        found = api.post(f"/v1/jobs/{job_id(api, job)}/{command}", body)
    if as_json:
        print_json(found)
    else:
        console().print(f"{found['id']} {SAYINGS.get(found['status'], 'is ' + found['status'])}.")


SAYINGS = {
    "cancelling": "stops at its next step (cancelling)",
    "pausing": "stops at its next step (pausing)",
    "running": "runs",
}


def _row(job: dict[str, Any]) -> tuple[str | Text, ...]:
    progress = job["progress"] or {}
    loss = _loss(progress) if progress else DASH
    return job["id"], job["name"] or DASH, status_text(job["status"]), _step(progress), loss, ago(job["created_at"])


def _step(progress: dict[str, Any]) -> str:
    return f"{progress['step']}/{progress['max_steps']}" if progress.get("max_steps") else DASH


def _loss(progress: dict[str, Any]) -> str:
    """Return the newest loss; one that is no finite number by its name."""
    return loss_text(progress["loss"], progress["non_finite"]) or DASH


def _pace(progress: dict[str, Any]) -> str:
    rates = [pace_text(progress["steps_per_second"])] if progress["steps_per_second"] else []
    rates += [f"{progress['tokens_per_second']:.3g} tokens/s"] if progress["tokens_per_second"] else []
    left = [] if progress["eta_seconds"] is None else [f"about {rough(progress['eta_seconds'])} left"]
    return ", ".join([*rates, *left])


def _fields(job: dict[str, Any]) -> list[tuple[str, str | Text]]:
    spec, progress = job["spec"], job["progress"] or {}
    fields: list[tuple[str, str | Text]] = [
        ("job", job["id"]),
        ("name", job["name"] or DASH),
        ("status", status_text(job["status"])),
        ("base model" if job["kind"] == "train" else "model", model_text(spec)),
        ("method", method_text(job["kind"], spec)),
        ("attempt", f"{job['attempt']}" + (f" on {job['worker']}" if job["worker"] else "")),
        ("created", ago(job["created_at"])),
    ]
    if progress:
        loss = f"{number(progress['first_loss'])} → {_loss(progress)}"
        fields += [("step", _step(progress)), ("loss", loss)]
        fields += [("phase", progress["phase"])] if progress["phase"] else []
        fields += [("pace", pace)] if (pace := _pace(progress)) else []
    if job["after"]:
        fields.append(("after", job["after"]))
    if job["then"]:
        fields.append(("then", ", ".join(job["then"])))
    if job["waiting"]:
        fields.append(("waits", waiting_text(job["waiting"])))
    if job["error"]:
        fields.append(("error", Text(f"{job['error']['code']}: {job['error']['message']}", style="red")))
    if job["result"]:
        fields.append(("result", job["result"]["path"]))
    return fields
