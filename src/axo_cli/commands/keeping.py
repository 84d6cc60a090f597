"""`axo checkpoints` and `axo promote`: what a training has kept, and the names that stand for it."""

from typing import Annotated, Any
from urllib.parse import quote

import typer

from axo_cli.api import Api
from axo_cli.errors import UsageError
from axo_cli.job_names import job_id
from axo_cli.options import DEFAULT_URL, AsJson, Job, Url
from axo_cli.output import DASH, console, number, print_json, print_table, size

Gate = Annotated[str | None, typer.Option(help="An evaluate job of this model, which must say what follows.")]
Metric = Annotated[str | None, typer.Option(help="loss (left out), perplexity or score.")]
Min = Annotated[float | None, typer.Option("--min", help="The metric must be this at least.")]
Max = Annotated[float | None, typer.Option("--max", help="The metric must be this at most.")]
BetterThan = Annotated[str | None, typer.Option(help="base, or current: what the name stands for now.")]
Undo = Annotated[bool, typer.Option("--undo", help="NAME alone: back to what it stood for before.")]
Delete = Annotated[int | None, typer.Option(help="Delete the checkpoint of this step.")]


def checkpoints(job: Job, delete: Delete = None, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """List a job's checkpoints: what each is worth, what keeps it, and what uses it."""
    with Api(url) as api:
        place = f"/v1/jobs/{job_id(api, job)}/checkpoints"
        found = api.get(place) if delete is None else api.delete(f"{place}/{delete}")
    if as_json:
        print_json(found)
    elif delete is not None:
        console().print(f"{found['id']} is deleted.")
    else:
        metrics = [*dict.fromkeys(name for one in found["data"] for name in one["metrics"])]
        columns = ("STEP", *(name.upper() for name in metrics), "SIZE", "KEPT", "USED BY", "MODEL")
        rows = (_row(one, metrics) for one in found["data"])
        print_table(columns, rows, when_empty="It has no checkpoints.")


def promote(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A job, ft:…, ft:…:ckpt-step-N, or a name of it.")],
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="As ft:support@prod.")] = None,
    gate: Gate = None,
    metric: Metric = None,
    at_least: Min = None,
    at_most: Max = None,
    better_than: BetterThan = None,
    undo: Undo = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Have a name stand for a result or a checkpoint, if an evaluation says what it must; or go back by one move."""
    asked = {"metric": metric, "min": at_least, "max": at_most, "better_than": better_than}
    given = {field: value for field, value in asked.items() if value is not None}
    if given and gate is None:
        raise UsageError(f"--{next(iter(given)).replace('_', '-')} is asked of an evaluation; name that by --gate.")
    with Api(url) as api:
        if undo:
            if name is not None or gate is not None:
                raise UsageError("--undo takes the name alone: axo promote --undo NAME.")
            moved = api.post_once(f"/v1/models/{quote(model, safe='')}/undo", None)
        elif name is None:
            raise UsageError("Say which name is to stand for it: axo promote MODEL NAME.")
        else:
            wanted = {"gate": {"evaluation": job_id(api, gate), **given}} if gate is not None else {}
            moved = api.put_json(f"/v1/models/{quote(name, safe='')}", _target(api, model) | wanted)
    if as_json:
        print_json(moved)
    else:
        console().print(f"{moved['id']} stands for {moved['stands_for']}.")


def _target(api: Api, model: str) -> dict[str, Any]:
    return {"model": model} if model.startswith("ft:") else {"job_id": job_id(api, model)}


def _row(one: dict[str, Any], metrics: list[str]) -> tuple[str, ...]:
    values = [number(one["metrics"].get(name, {}).get("value")) for name in metrics]
    if one["available"]:
        kept = ", ".join(one["kept_because"]) or DASH
    else:
        kept = "gone" if one["removed_because"] is None else f"gone ({one['removed_because']})"
    used_by = ", ".join([*one["used_by"], *one["names"]]) or DASH
    return str(one["step"]), *values, size(one["bytes"]), kept, used_by, one["name"]
