"""What /jobs, /job and /cancel answer, whatever the chat. A new command is a method here, and its name in each chat."""

import logging
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

from axo_contracts.lifecycle import TERMINAL, JobStatus
from axo_contracts.meant_job import WHOLE_ID, is_meant
from axo_notify.bots import wording
from axo_notify.bots.api import AxoApi, Refusal
from axo_notify.bots.markup import Markup

log = logging.getLogger(__name__)

SHOWN = 10  # jobs in a list
PAGES = 10  # of 100 jobs, newest first, that a name is looked for in
METRIC_POINTS = 10  # the fewest that the API gives; the last of them is what is shown
MAY_NOT_READ = "You may not see the jobs here; whoever runs the bot can list you."
MAY_NOT_CANCEL = "You may not cancel jobs here; whoever runs the bot can list you."
BROKEN = "Something went wrong in the bot; its log says what."


@dataclass(frozen=True, slots=True)
class Answer:
    """A text that is ready for the chat. `cancels` is the job that a button under it offers to cancel."""

    text: str
    cancels: str | None = None


class Commands:
    """The commands, in the markup of one chat. None of them raises: what cannot be had is told in its answer."""

    def __init__(self, api: AxoApi, markup: Markup) -> None:
        self._api = api
        self._markup = markup

    async def jobs(self, status: str | None = None) -> Answer:
        """Answer with the newest jobs, or the newest in a status."""
        return await self._told(self._jobs(status))

    async def job(self, meant: str) -> Answer:
        """Answer with all about one job, by its name, its id or the beginning of that."""
        return await self._told(self._job(meant))

    async def ask_to_cancel(self, meant: str) -> Answer:
        """Answer with the question whether to cancel a job, or why that is needless."""
        return await self._told(self._ask_to_cancel(meant))

    async def cancel(self, job_id: str, *, by: str) -> Answer:
        """Cancel a job and answer with what became of it. `by` is who asked, for the log."""
        return await self._told(self._cancel(job_id, by))

    async def choices(self, typed: str, most: int) -> list[tuple[str, str]]:
        """Return what may be meant by what was typed so far: a label and the id of each job, `most` at most."""
        try:
            page = await self._api.get("/v1/jobs", limit=100)
        except Refusal:
            return []
        found = [job for job in page["data"] if typed in (job["name"] or "") or is_meant(job, typed)]
        return [(f"{job['name'] or job['id']} · {job['status']}", str(job["id"])) for job in found[:most]]

    async def _told(self, answer: Awaitable[Answer]) -> Answer:
        try:
            return await answer
        except Refusal as refusal:
            return Answer(self._markup.quoted(str(refusal)))

    async def _jobs(self, status: str | None) -> Answer:
        if status is not None and status not in {*JobStatus}:
            raise Refusal(f"No job is ever {status}; the statuses are {', '.join(JobStatus)}.")
        jobs = (await self._api.get("/v1/jobs", limit=SHOWN, status=status))["data"]
        if not jobs:
            return Answer(f"No job is {status}." if status else "There are no jobs yet.")
        return Answer(self._markup.fitted([wording.short(job, self._markup) for job in jobs]))

    async def _job(self, meant: str) -> Answer:
        job = await self._find(meant)
        series = (await self._api.get(f"/v1/jobs/{job['id']}/metrics", points=METRIC_POINTS))["data"]
        return Answer(self._markup.fitted(wording.full(job, series, self._markup)))

    async def _ask_to_cancel(self, meant: str) -> Answer:
        job = await self._find(meant)
        called = wording.title(job, self._markup)
        match JobStatus(job["status"]):
            case status if status in TERMINAL:
                return Answer(f"{called} has already ended as {status}; there is nothing to cancel.")
            case JobStatus.CANCELLING:
                return Answer(f"{called} is being cancelled already.")
            case status:
                return Answer(f"Cancel {called}, which is {status}? It ends for good.", cancels=str(job["id"]))

    async def _cancel(self, job_id: str, by: str) -> Answer:
        if not WHOLE_ID.fullmatch(job_id):
            raise Refusal(f"{job_id} is no job's id.")
        job = await self._api.post(f"/v1/jobs/{job_id}/cancel")
        log.info("%s cancelled %s", by, job_id)
        called = wording.title(job, self._markup)
        stops = job["status"] == JobStatus.CANCELLING
        return Answer(f"{called} stops at its next step, for good." if stops else f"{called} is {job['status']}.")

    async def _find(self, meant: str) -> dict[str, Any]:
        job_id = meant if WHOLE_ID.fullmatch(meant) else await self._search(meant)
        job: dict[str, Any] = await self._api.get(f"/v1/jobs/{job_id}")
        return job

    async def _search(self, meant: str) -> str:
        if not meant:
            raise Refusal("Say which job: its name, its id or the beginning of that; /jobs lists them.")
        found = await self._fitting(meant)
        if not found:
            raise Refusal(f"No job is named {meant}, and no job's id begins with it; /jobs lists the newest.")
        if len(found) > 1:
            raise Refusal(f"{meant} fits {len(found)} jobs ({', '.join(found[:3])} …); give more of the id.")
        return found[0]

    async def _fitting(self, meant: str) -> list[str]:
        found: list[str] = []
        after = None
        for _ in range(PAGES):
            page = await self._api.get("/v1/jobs", limit=100, after=after)
            found += [str(job["id"]) for job in page["data"] if is_meant(job, meant)]
            after = page["last_id"]
            if not page["has_more"]:
                break
        return found
