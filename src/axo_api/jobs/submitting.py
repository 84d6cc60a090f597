"""A submission from its check to the queue, whichever API it came by."""

from functools import partial
from typing import Any

from sqlalchemy import RowMapping
from structlog.contextvars import bind_contextvars

from axo_api.callers import Caller
from axo_api.dependencies import Parts
from axo_api.jobs import service
from axo_api.jobs.keeping import settle_keep
from axo_api.jobs.permission import permission_of
from axo_api.jobs.pushing import prepare_push
from axo_api.jobs.room import check_disk
from axo_api.jobs.tools import check_tools
from axo_contracts.tasks import PushSpec


async def submit(axo: Parts, caller: Caller, submission: service.Submission) -> RowMapping | dict[str, Any]:
    """Queue a job and return its row, or that of the job which the same idempotency key has made before.

    Raises `Invalid` for what cannot be trained or done here, `QuotaExceeded`, `StorageFull`, and `TooManyWaiting`.
    """
    if submission.row["idempotency_key"] is not None:
        made = await axo.database.read(partial(service.made_before, submission=submission))
        if made is not None:
            return made
    settle_keep(submission.spec, submission.row, axo.settings.keep)
    await axo.existence.check(submission.spec, permission_of(caller, axo.settings))
    await check_tools(axo.redis, submission.spec)
    if isinstance(submission.spec, PushSpec):
        await prepare_push(axo, submission.spec, owner=caller.owner)
    await axo.quota.check(axo.database, caller.owner)
    await check_disk(axo, submission.spec, owner=caller.owner)
    if (most := axo.settings.max_waiting_jobs) is not None:
        await axo.database.read(partial(service.check_room, owner=caller.owner, most=most))
    for one in (submission, *submission.links):
        one.row["traceparent"] = axo.tracer.traceparent()
    row = await axo.database.write_together(service.submit_all, submission)
    bind_contextvars(job_id=row["id"])
    axo.queue_changed()
    return row
