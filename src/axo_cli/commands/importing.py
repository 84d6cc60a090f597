"""`axo import openai`: the trainings of an export, queued here."""

import sys
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from axo_cli.api import Api
from axo_cli.errors import CliError, UsageError
from axo_cli.openai_export.planning import CannotBeDone, plan
from axo_cli.openai_export.queueing import Queue
from axo_cli.openai_export.reading import Export, Object, read
from axo_cli.options import DEFAULT_URL, AsJson, Url
from axo_cli.output import DASH, print_json, print_table

importing = typer.Typer(no_args_is_help=True, help="Trainings from elsewhere.")

BASE = "What stands for a model here, as in gpt-4o-mini=org/model; may be given often. Goes before AXO_BASE_MODELS."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one job of the export."""

    job: str
    model: str
    became: str
    new_job: str | None = None
    why: str | None = None

    @property
    def is_bad(self) -> bool:
        """Whether something is left to be mended."""
        return self.became in {"cannot", "failed"}


@importing.callback()
def _group() -> None:
    """Keep `openai` a command of its own, though it is the only one."""


@importing.command()
def openai(
    folder: Annotated[Path, typer.Argument(metavar="EXPORT_DIR", exists=True, file_okay=False)],
    base: Annotated[list[str] | None, typer.Option(metavar="NAME=MODEL", help=BASE)] = None,
    every: Annotated[bool, typer.Option("--all", help="Also jobs that did not succeed.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Queue the trainings of an export of OpenAI's files and jobs, and keep the names of their models as aliases.

    EXPORT_DIR holds jobs.json and files.json as the client's list calls give them, and the files by id or by name.
    What was queued before is not queued again. Exit code 1: something could not be done.
    """
    export, bases = read(folder), dict(map(_pair, base or ()))
    with Api(url) as api:
        queue = Queue(api)
        outcomes = [_outcome(api, queue, export, old, bases, every, dry_run) for old in export.jobs]
    _report(export, outcomes, as_json)
    if export.problems or any(outcome.is_bad for outcome in outcomes):
        raise typer.Exit(1)


def _outcome(
    api: Api, queue: Queue, export: Export, old: Object, bases: dict[str, str], every: bool, dry_run: bool
) -> Outcome:
    job, model = str(old["id"]), str(old.get("model"))
    if old.get("status") != "succeeded" and not every:
        return Outcome(job, model, "skipped", why=f"it is {old.get('status')}; --all takes it, too")
    try:
        if (made := queue.imported(old)) is not None:
            if not dry_run:
                queue.name(old, made)
            return Outcome(job, model, "there already", made["id"], f"it is {made['status']}")
        planned = plan(api, export, old, bases)
        if dry_run:
            return Outcome(job, model, "would be queued", why=f"{planned.training.name} on {planned.model}")
        made = queue.submit(planned)
        queue.name(old, made)
    except CannotBeDone as reason:
        return Outcome(job, model, "cannot", why=str(reason))
    except CliError as error:
        return Outcome(job, model, "failed", why=str(error))
    return Outcome(job, model, "queued", made["id"])


def _report(export: Export, outcomes: list[Outcome], as_json: bool) -> None:
    if as_json:
        print_json({"jobs": [asdict(outcome) for outcome in outcomes], "problems": export.problems})
        return
    rows = [(one.job, one.model, one.became, one.new_job or DASH, one.why or "") for one in outcomes]
    print_table(("OLD JOB", "MODEL", "RESULT", "NEW JOB", "WHY"), rows, when_empty="The export holds no jobs.")
    for problem in export.problems:
        print(f"{problem}.", file=sys.stderr)
    counts = Counter(outcome.became for outcome in outcomes)
    if counts:
        print(", ".join(f"{count} {became}" for became, count in counts.items()))


def _pair(text: str) -> tuple[str, str]:
    name, equals, model = text.partition("=")
    if not name or not equals or not model:
        raise UsageError(f"--base {text}: write NAME=MODEL, as in gpt-4o-mini=org/model.")
    return name, model
