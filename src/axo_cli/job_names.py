"""Which job a person means: its id, the beginning of it, its name, or `latest`."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from axo_cli.api import Api
from axo_cli.errors import UsageError
from axo_contracts.meant_job import WHOLE_ID, is_meant

PAGES = 10  # of 100 jobs, newest first


def job_id(api: Api, meant: str) -> str:
    """Return the id of the job that is meant by `meant`. Raises `UsageError` when it is none or several."""
    if WHOLE_ID.fullmatch(meant):
        return meant
    if meant == "latest":
        newest = api.get("/v1/jobs", limit=1)["data"]
        if not newest:
            raise UsageError("There is no job yet; submit one with `axo train`.")
        return str(newest[0]["id"])
    return _only_one(meant, [job for job in _jobs(api) if is_meant(job, meant)])


def job_of_result(api: Api, meant: str) -> str:
    """Return the id of the job whose result is meant by `meant`: as for `job_id`, or a model's name as `ft:…`."""
    if not meant.startswith("ft:"):
        return job_id(api, meant)
    found = api.get(f"/v1/models/{quote(meant, safe='')}")
    name = found.get("alias_of") or meant
    if ":ckpt-step-" in name:
        said = meant if name == meant else f"{name}, which {meant} stands for,"
        raise UsageError(f"{said} is a checkpoint; give the result's name, without what begins with :ckpt-step-.")
    return str(found["job_id"])


def model(api: Api, meant: str) -> str:
    """Return the model that is meant by `meant`: a job by its name or the beginning of its id, else what it says.

    Raises `UsageError` when it fits several jobs.
    """
    if meant.startswith("ft:") or "/" in meant or WHOLE_ID.match(meant) or meant == "base":
        return meant
    if meant == "latest":
        return job_id(api, meant)
    found = [job for job in _jobs(api) if is_meant(job, meant)]
    return _only_one(meant, found) if found else meant


def _only_one(meant: str, found: list[dict[str, Any]]) -> str:
    if not found:
        raise UsageError(f"No job is named {meant!r}, and no job's id begins with it; `axo list` shows the jobs.")
    if len(found) > 1:
        some = ", ".join(job["id"] for job in found[:3])
        raise UsageError(f"{meant!r} fits {len(found)} jobs ({some} …); give more of the id.")
    return str(found[0]["id"])


def _jobs(api: Api) -> Iterator[dict[str, Any]]:
    after = None
    for _ in range(PAGES):
        page = api.get("/v1/jobs", limit=100, after=after)
        yield from page["data"]
        if not page["has_more"]:
            return
        after = page["last_id"]
