"""`axo merge`, `quantize`, `export`, `evaluate`, `score`, `generate`, `push`: what is done with a trained model."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from axo_cli.api import Api
from axo_cli.commands.following import follow_detachably
from axo_cli.errors import UsageError
from axo_cli.following.job import exit_code
from axo_cli.job_names import model as model_meant
from axo_cli.options import DEFAULT_URL, AsJson, Url
from axo_cli.output import DASH, console, number, print_fields, print_lines, print_table, size
from axo_cli.uploading import upload

Model = Annotated[str, typer.Argument(metavar="MODEL", help="ft:…, a job, a name on the hub or a path.")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="A local file of rows; uploaded.")]
JobName = Annotated[str | None, typer.Option("--name", help="A name for people.")]
MaxRows = Annotated[int | None, typer.Option(min=1, help="Stop after so many rows.")]
Against = Annotated[str | None, typer.Option(help="base, or another model: what it is compared with.")]
HeldOut = Annotated[Path | None, typer.Argument(metavar="[FILE]", help="A local file of rows; uploaded.")]
TaskNames = Annotated[
    list[str] | None, typer.Option("--task", metavar="NAME", help="A task of lm-eval, such as hellaswag; repeatable.")
]
MaxExamples = Annotated[int | None, typer.Option(min=1, help="Stop after so many rows, and examples of each task.")]
MaxNewTokens = Annotated[int | None, typer.Option(min=1, help="The longest answer, in tokens.")]
Temperature = Annotated[float | None, typer.Option(min=0, max=2, help="0: always the likeliest token.")]
Answers = Annotated[int | None, typer.Option("--n", min=1, max=128, help="Answers to each row.")]
PLACES = "hf://OWNER/REPO, s3://BUCKET/PATH, gs://…, az://… or file:///FOLDER, where the operator allows it."
GroupSize = Annotated[int | None, typer.Option(min=8, max=1024, help="How many weights share a scale.")]
OutType = Annotated[str | None, typer.Option(help="auto, f32, f16, bf16 or q8_0.")]
TopK = Annotated[int | None, typer.Option(min=0, max=100, help="List so many of the likeliest tokens at each place.")]


def merge(model: Model, name: JobName = None, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Add an adapter's weights to its base's, and follow the job: its result is a model of its own."""
    _make_model({"kind": "merge", "model": model, "name": name}, url, as_json=as_json)


def quantize(
    model: Model, group_size: GroupSize = None, name: JobName = None, url: Url = DEFAULT_URL, as_json: AsJson = False
) -> None:
    """Keep a whole model's weights in 4 bits, and follow the job: its result is a model of its own."""
    wanted = {"kind": "quantize", "model": model, "group_size": group_size, "name": name}
    _make_model(wanted, url, as_json=as_json)


def export(
    model: Model, outtype: OutType = None, name: JobName = None, url: Url = DEFAULT_URL, as_json: AsJson = False
) -> None:
    """Write a whole model as one GGUF file, and follow the job."""
    with Api(url) as api:
        job = _run(api, {"kind": "export", "model": model, "outtype": outtype, "name": name}, as_json=as_json)
        if not as_json:
            console().print(f"Fetch it with: axo pull {job['id']}")


def evaluate(
    model: Model,
    file: HeldOut = None,
    task: TaskNames = None,
    against: Against = None,
    max_rows: MaxExamples = None,
    name: JobName = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Measure a model on held-out rows or by tasks, also against its base or another model, and follow the job."""
    if file is None and not task:
        raise UsageError("There is nothing to measure by. Give a FILE of rows, or --task NAME.")
    wanted = {"kind": "evaluate", "model": model, "compare_with": against, "max_rows": max_rows, "name": name}
    by_tasks = {"tasks": task, "limit": max_rows} if task else None
    with Api(url) as api:
        rows = _uploaded(api, file) if file else None
        job = _run(api, {**wanted, "datasets": rows, "lm_eval": by_tasks}, as_json=as_json)
        if not as_json:
            _show_evaluation(json.loads(_artifact(api, job, "evaluation.json")))


def score(
    model: Model,
    file: File,
    top_k: TopK = None,
    max_rows: MaxRows = None,
    name: JobName = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Say how surprised a model is by each token of a file's rows, and follow the job."""
    wanted = {"kind": "score", "model": model, "top_k": top_k, "max_rows": max_rows, "name": name}
    with Api(url) as api:
        job = _run(api, {**wanted, "datasets": _uploaded(api, file)}, as_json=as_json)
        if not as_json:
            summary = json.loads(_artifact(api, job, "summary.json"))
            print_fields(
                (field, str(value) if isinstance(value, int) else number(value)) for field, value in summary.items()
            )


def generate(
    model: Model,
    file: File,
    max_new_tokens: MaxNewTokens = None,
    temperature: Temperature = None,
    n: Answers = None,
    max_rows: MaxRows = None,
    name: JobName = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Let a model answer a file of prompts, and follow the job; the answers are printed at its end."""
    wanted: dict[str, Any] = {"kind": "generate", "model": model, "max_rows": max_rows, "name": name}
    wanted |= {"max_new_tokens": max_new_tokens, "temperature": temperature, "n": n}
    with Api(url) as api:
        job = _run(api, {**wanted, "datasets": _uploaded(api, file)}, as_json=as_json)
        if not as_json:
            print_lines(
                json.loads(line)["answer"] for line in _artifact(api, job, "generations.jsonl").split("\n") if line
            )


def push(
    model: Model,
    to: Annotated[str, typer.Argument(metavar="URL", help=PLACES)],
    public: Annotated[bool, typer.Option("--public", help="A repository that is made is for everybody.")] = False,
    name: JobName = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Copy a result or a checkpoint, with its manifest, to a hub or to storage, and follow the job."""
    wanted = {"kind": "push", "model": model, "to": to, "private": not public, "name": name}
    with Api(url) as api:
        job = _run(api, wanted, as_json=as_json)
        if as_json:
            return
        found = json.loads(_artifact(api, job, "push.json"))
    revision = f" in commit {found['revision']}" if found["revision"] else ""
    told = f"{found['model']} lies at {found['to']}{revision}: {len(found['files'])} files, {size(found['bytes'])}."
    console().print(told, soft_wrap=True)


def _make_model(wanted: dict[str, Any], url: str, *, as_json: bool) -> None:
    """Run a job that leaves a model, and print what that is called."""
    with Api(url) as api:
        job = _run(api, wanted, as_json=as_json)
        if as_json:
            return
        names = [found["id"] for found in api.get("/v1/models")["data"] if found.get("job_id") == job["id"]]
        console().print(*(f"model: {found}" for found in names), sep="\n")


def _uploaded(api: Api, file: Path) -> list[dict[str, Any]]:
    if not file.is_file():
        raise UsageError(f"There is no file {file}.")
    return [{"source": {"type": "file", "file_id": upload(api, file)["id"]}}]


def _run(api: Api, spec: dict[str, Any], *, as_json: bool) -> dict[str, Any]:
    """Submit a job and follow it to its end; one that does not succeed ends the command."""
    given = {field: value for field, value in spec.items() if value is not None}
    given |= {field: model_meant(api, given[field]) for field in ("model", "compare_with") if field in given}
    job = api.post("/v1/jobs", given)
    if not as_json:
        console().print(f"{job['id']} {job['status']}")
    ended = follow_detachably(api, job["id"], as_json=as_json, logs=False)
    if code := exit_code(ended):
        raise typer.Exit(code)
    return ended


def _artifact(api: Api, job: dict[str, Any], name: str) -> str:
    return api.text(f"/v1/jobs/{job['id']}/artifacts/{job['result']['attempt']}/{name}")


def _show_evaluation(found: dict[str, Any]) -> None:
    columns = ("MODEL", "ROWS", "TOKENS", "LOSS", "PERPLEXITY", "SCORE")
    if found["rows"]:
        print_table(columns, map(_row, found["models"]), when_empty="")
    by_tasks = [row for model in found["models"] for row in _task_rows(model)]
    if by_tasks:
        print_table(("MODEL", "TASK", "METRIC", "VALUE"), by_tasks, when_empty="")
    if found["difference"]:
        fields = [(name, _figure(found["difference"][name])) for name in ("loss", "score")]
        if known := [(name, text) for name, text in fields if text != DASH]:
            console().print(f"{found['difference']['of']} has more than {found['difference']['from']}:")
            print_fields(known)


def _row(model: dict[str, Any]) -> tuple[str, ...]:
    figures = _figure(model["loss"]), number(model["perplexity"]), _figure(model["score"])
    return model["model"], str(model["rows"]), str(model["tokens"]), *figures


def _task_rows(model: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for task, metrics in (model["lm_eval"] or {}).items():
        for metric, value in metrics.items():
            yield model["model"], task, metric, _figure(value)


def _figure(of: dict[str, float | None] | None) -> str:
    if of is None:
        return DASH
    error = of["standard_error"]
    return number(of["value"]) + ("" if error is None else f" ± {number(error)}")
