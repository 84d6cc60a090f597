"""Reading an export: what the client's list calls gave, as an array, a list envelope, several pages, or JSON lines."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from axo_cli.errors import UsageError

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Export:
    """What an export's folder holds. `problems` says of each part that could not be read where it is and why."""

    folder: Path
    jobs: list[Object]
    files: dict[str, Object]
    problems: list[str]


def read(folder: Path) -> Export:
    """Return what `folder` holds, the oldest job first. Raises `UsageError` when there are no jobs to be read."""
    jobs_file = _named(folder, "jobs")
    if jobs_file is None:
        raise UsageError(f"{folder} holds neither jobs.json nor jobs.jsonl, as the client's list of jobs gives them.")
    problems: list[str] = []
    jobs = {str(job["id"]): job for job in _objects(jobs_file, problems)}
    files_file = _named(folder, "files")
    files = {} if files_file is None else {str(file["id"]): file for file in _objects(files_file, problems)}
    return Export(folder, sorted(jobs.values(), key=_age), files, problems)


def _named(folder: Path, name: str) -> Path | None:
    return next((path for kind in ("json", "jsonl") if (path := folder / f"{name}.{kind}").is_file()), None)


def _age(job: Object) -> tuple[float, str]:
    created = job.get("created_at")
    return (created if isinstance(created, int | float) else 0.0), str(job["id"])


def _objects(path: Path, problems: list[str]) -> Iterator[Object]:
    """Yield the objects of a file that have an id."""
    for where, value in _values(path, problems):
        for one in _unwrapped(value):
            if isinstance(one, dict) and isinstance(one.get("id"), str):
                yield one
            else:
                problems.append(f"{where}: it is no object of OpenAI's with an id")


def _values(path: Path, problems: list[str]) -> Iterator[tuple[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}.") from error
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as error:
        if path.suffix == ".json" and "\n{" not in text:
            raise UsageError(f"{path} is not JSON: {error}.") from error
    else:
        yield path.name, whole
        return
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                yield f"{path.name}, line {number}", json.loads(line)
            except (ValueError, RecursionError) as error:
                problems.append(f"{path.name}, line {number}: it is not JSON: {error}")


def _unwrapped(value: Any) -> list[Any]:
    if isinstance(value, dict) and isinstance(value.get("data"), list):
        return list(value["data"])
    return value if isinstance(value, list) else [value]
