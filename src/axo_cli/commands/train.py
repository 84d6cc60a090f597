"""`axo train`: submit a job from a spec file, from flags, or from both."""

from pathlib import Path
from typing import Annotated

import typer

from axo_cli.api import Api
from axo_cli.axolotl_config import as_spec, is_axolotl_config
from axo_cli.commands.following import follow_to_end
from axo_cli.options import DEFAULT_URL, AsJson, Url
from axo_cli.output import console, print_json
from axo_cli.spec import Flags, read_spec, with_flags, with_uploads
from axo_cli.uploading import upload

SpecFile = Annotated[
    Path | None,
    typer.Argument(metavar="SPEC.yaml", help="The job's spec, or a whole Axolotl config; flags go before it."),
]
Data = Annotated[list[Path] | None, typer.Option(help="A local JSONL file of rows; uploaded. May be given often.")]
Rate = Annotated[float | None, typer.Option("--lr", help="Peak learning rate.")]


def train(
    spec_file: SpecFile = None,
    base_model: Annotated[str | None, typer.Option(help="A name on the hub, or a folder that the workers see.")] = None,
    data: Data = None,
    method: Annotated[
        str | None, typer.Option(help="How to train: sft, dpo, kto, grpo …; docs/methods.md lists all.")
    ] = None,
    adapter: Annotated[str | None, typer.Option(help="lora, qlora or full.")] = None,
    epochs: Annotated[float | None, typer.Option(help="Passes over the data.")] = None,
    max_steps: Annotated[int | None, typer.Option(help="Stop after so many steps.")] = None,
    learning_rate: Rate = None,
    name: Annotated[str | None, typer.Option(help="A name for people.")] = None,
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
        name=name,
        num_epochs=epochs,
        max_steps=max_steps,
        learning_rate=learning_rate,
    )
    written, folder = (read_spec(spec_file), spec_file.parent) if spec_file else ({}, Path())
    with Api(url) as api:
        if is_axolotl_config(written):
            spec = as_spec(written, flags, folder, lambda path: str(upload(api, path)["id"]))
        else:
            spec = with_uploads(with_flags(written, flags), folder, lambda path: str(upload(api, path)["id"]))
        job = api.post("/v1/jobs", spec)
        if as_json and not follow:
            print_json(job)
        elif not as_json:
            console().print(f"{job['id']} {job['status']}")
        if follow:
            follow_to_end(api, job["id"], as_json=as_json, logs=True)
        elif not as_json:
            console().print(f"Follow it with: axo follow {job['id']}")
