"""Jobs in words, from the JSON of the API: a line or two in a list, and all about one."""

from collections.abc import Iterator, Mapping
from typing import Any

from axo_contracts.lifecycle import TERMINAL
from axo_contracts.spec_text import method_text, model_text
from axo_contracts.standing import Standing, standing_from_json
from axo_contracts.standing_text import progress_sentence, time_left, waiting_text
from axo_notify.bots.markup import Markup
from axo_notify.progress_bar import progress_bar

BAR_CELLS = 10
MOST_METRICS = 8

Json = Mapping[str, Any]


def title(job: Json, markup: Markup) -> str:
    """Return what a job is called, with its id."""
    return f"{markup.strong(job['name'] or model_text(job['spec']))} `{job['id']}`"


def short(job: Json, markup: Markup) -> str:
    """Return a job in a list: its name and status and, while it runs, how far it is and how long it still takes."""
    heading = f"{title(job, markup)} {job['status']}"
    standing = standing_of(job)
    if standing is None or not standing.max_steps or job["status"] in TERMINAL:
        return heading
    left = time_left(standing)
    return f"{heading}\n{_bar(standing)}" + (f", {left}" if left else "")


def full(job: Json, series: list[Json], markup: Markup) -> list[str]:
    """Return all about a job, a line an item. `series` are its metrics."""
    return [*_full(job, series, markup)]


def standing_of(job: Json) -> Standing | None:
    """Return where the run of a job stands; None when it has not begun, or is told in a form not known here."""
    progress = job["progress"]
    return progress and standing_from_json({**progress, "attempt": job["attempt"], "time": progress["updated_at"]})


def _bar(standing: Standing) -> str:
    return progress_bar(standing.step, standing.max_steps, cells=BAR_CELLS)


def _full(job: Json, series: list[Json], markup: Markup) -> Iterator[str]:
    yield f"{title(job, markup)} {job['status']}"
    yield markup.quoted(f"{model_text(job['spec'])}, {method_text(job['kind'], job['spec'])}")
    if (standing := standing_of(job)) is not None:
        sentence = markup.quoted(progress_sentence(standing))
        yield f"{_bar(standing)}  {sentence}" if standing.max_steps else sentence
    if newest := [_newest(one) for one in series if one["values"] and one["name"] != "loss"]:
        yield f"newest: {markup.quoted(', '.join(newest[:MOST_METRICS]))}"
    if job["waiting"]:
        yield f"waits: {markup.quoted(waiting_text(job['waiting']))}"
    if job["error"]:
        yield f"failed: {markup.quoted(job['error']['message'])}"
    elif job["message"]:
        yield markup.quoted(job["message"])


def _newest(series: Json) -> str:
    step, value = series["steps"][-1], series["values"][-1]
    if value is None:
        value = next((point["value"] for point in series["non_finite"] if point["step"] == step), "unknown")
        return f"{series['name']} {value}"
    return f"{series['name']} {value:.4g}"
