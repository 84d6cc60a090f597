"""`axo train`: submit a job from a spec file, from flags, or from both."""

from pathlib import Path
from typing import Annotated

import typer

from axo_cli.api import Api
from axo_cli.building import build_spec
from axo_cli.commands.following import follow_to_end
from axo_cli.options import DEFAULT_URL, AsJson, Url
from axo_cli.output import console, print_json
from axo_cli.spec import Flags

SpecFile = Annotated[
    Path | None,
    typer.Argument(metavar="SPEC.yaml", help="The job's spec, or a whole Axolotl config; flags go before it."),
]
Data = Annotated[list[Path] | None, typer.Option(help="A local JSONL file of rows; uploaded. May be given often.")]
Rate = Annotated[float | None, typer.Option("--lr", help="Peak learning rate.")]
BaseModel = Annotated[str | None, typer.Option(help="A name on the hub, or a folder that the workers see.")]
Method = Annotated[str | None, typer.Option(help="How to train: sft, dpo, kto, grpo …; docs/methods.md lists all.")]
Adapter = Annotated[str | None, typer.Option(help="lora, qlora or full.")]
Preset = Annotated[str | None, typer.Option(help="quick, balanced or quality: fills what is left out.")]
Epochs = Annotated[float | None, typer.Option(help="Passes over the data.")]
Then = Annotated[
    list[str] | None,
    typer.Option(metavar="KIND[:FILE]", help="What follows: merge, evaluate:rows.jsonl … May be given often."),
]
MaxSteps = Annotated[int | None, typer.Option(help="Stop after so many steps.")]


def train(
    spec_file: SpecFile = None,
    base_model: BaseModel = None,
    data: Data = None,
    method: Method = None,
    adapter: Adapter = None,
    preset: Preset = None,
    epochs: Epochs = None,
    max_steps: MaxSteps = None,
    learning_rate: Rate = None,
    name: Annotated[str | None, typer.Option(help="A name for people.")] = None,
    then: Then = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Follow the job to its end.")] = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Submit a fine-tuning job. Local data files, in the spec or as --data, are uploaded first.

    An Axolotl config is told by its data sets, which have a `path` where those of a spec have a `source`.
    """
    flags = Flags(
        base_model=base_model,
        data=data or [],
        method=method,
        adapter=adapter,
        preset=preset,
        name=name,
        num_epochs=epochs,
        max_steps=max_steps,
        learning_rate=learning_rate,
        then=then or [],
    )
    with Api(url) as api:
        job = api.post("/v1/jobs", build_spec(spec_file, flags, api))
        if as_json and not follow:
            print_json(job)
        elif not as_json:
            console().print(f"{job['id']} {job['status']}")
            console().print(*(f"then {link}" for link in job["then"]), sep="\n", end="\n" if job["then"] else "")
        if follow:
            follow_to_end(api, job["id"], as_json=as_json, logs=True)
        elif not as_json:
            console().print(f"Follow it with: axo follow {job['id']}")
