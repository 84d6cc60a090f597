"""`axo plan`: what a job would be, without running it; `axo models`: what can be trained, and what was."""

from typing import Any

from axo_cli.api import Api
from axo_cli.building import build_spec
from axo_cli.commands.train import Adapter, BaseModel, Data, Epochs, MaxSteps, Method, Preset, Rate, SpecFile
from axo_cli.options import DEFAULT_URL, AsJson, Url
from axo_cli.output import DASH, console, duration, print_fields, print_json, print_table, size
from axo_cli.spec import Flags

PLAN_SECONDS = 90.0  # the trainer reads the data for it


def plan(
    spec_file: SpecFile = None,
    base_model: BaseModel = None,
    data: Data = None,
    method: Method = None,
    adapter: Adapter = None,
    preset: Preset = None,
    epochs: Epochs = None,
    max_steps: MaxSteps = None,
    learning_rate: Rate = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Show what a job would be: steps, tokens, memory, disk, time and its Axolotl config. Nothing is queued."""
    flags = Flags(
        base_model=base_model,
        data=data or [],
        method=method,
        adapter=adapter,
        preset=preset,
        num_epochs=epochs,
        max_steps=max_steps,
        learning_rate=learning_rate,
    )
    with Api(url) as api:
        found = api.post("/v1/jobs/plan", build_spec(spec_file, flags, api), seconds=PLAN_SECONDS)
    if as_json:
        print_json(found)
        return
    print_fields(_fields(found))
    for warning in found["warnings"]:
        console().print(f"! {warning}")
    console().print(f"\n# {found['config_name']}")
    print(found["config_yaml"], end="")


def _fields(plan: dict[str, Any]) -> list[tuple[str, str]]:
    tokens, parameters, memory, disk, time = (plan[name] for name in ("tokens", "parameters", "memory", "disk", "time"))
    return [
        (
            "rows",
            _count(plan["rows"]) + (f", {plan['validation_rows']:,} to validate" if plan["validation_rows"] else ""),
        ),
        ("steps", _count(plan["steps"]) + (f", {plan['epochs']:g} epochs" if plan["epochs"] else "")),
        ("tokens", _tokens(tokens) if tokens else DASH),
        ("parameters", f"{parameters['trained']:,} of {parameters['total']:,} trained" if parameters else DASH),
        ("memory", _memory(memory) if memory else DASH),
        ("disk", _disk(disk) if disk else DASH),
        ("time", f"{duration(time['seconds'])} ({time['rests_on']})" if time else DASH),
    ]


def _count(value: int | None) -> str:
    return DASH if value is None else f"{value:,}"


def _tokens(tokens: dict[str, Any]) -> str:
    about = "" if tokens["is_exact"] else "about "
    return f"{about}{tokens['total']:,}, {tokens['trained']:,} with loss; longest row {tokens['longest_row']:,}"


def _memory(memory: dict[str, Any]) -> str:
    largest = sorted(memory["parts"], key=lambda part: -int(part["bytes"]))[:3]
    parts = ", ".join(f"{part['part']} {size(part['bytes'])}" for part in largest)
    of = f" of {size(memory['available_bytes'])}" if memory["available_bytes"] else ""
    return f"about {size(memory['total_bytes'])}{of} a device ({parts} …)"


def _disk(disk: dict[str, Any]) -> str:
    checkpoints = f"{disk['checkpoints_kept']} checkpoints of {size(disk['checkpoint_bytes'])}"
    return f"{size(disk['total_bytes'])}: {checkpoints}, result {size(disk['result_bytes'])}"


def models(url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """List the catalogue's base models, and the models that were trained here."""
    with Api(url) as api:
        page = api.get("/v1/models")
    if as_json:
        print_json(page)
        return
    rows = [
        (
            model["id"],
            model["kind"],
            f"{model['parameters'] / 1e9:.2f} B" if model["parameters"] else DASH,
            size(model["bytes"]) if model["bytes"] else DASH,
            _count(model["context"]),
            model["licence"] or model["job_id"] or DASH,
        )
        for model in page["data"]
    ]
    columns = ("MODEL", "KIND", "PARAMETERS", "SIZE", "CONTEXT", "LICENCE OR JOB")
    print_table(columns, rows, when_empty="The catalogue is empty, and nothing was trained here yet.")
