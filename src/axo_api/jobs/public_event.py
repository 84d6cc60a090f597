"""A job's recorded event as the world is told of it."""

from sqlalchemy import RowMapping

from axo_contracts.events import JOB_EVENTS, JobEvent
from axo_contracts.lifecycle import JobStatus


def public_event(row: RowMapping, type_: str | None = None) -> JobEvent:
    """Return the event that a row of `job_events`, with its job's `owner` and `name`, holds.

    `type_` takes the place of the type that follows from its status.
    """
    status = JobStatus(row["status"])
    return JobEvent(
        id=row["id"],
        type=type_ or JOB_EVENTS[status],
        time=row["time"],
        job_id=row["job_id"],
        owner=row["owner"],
        name=row["name"],
        status=status,
        attempt=row["attempt"],
        reason=row["reason"],
        message=row["message"],
        links={"job": f"/v1/jobs/{row['job_id']}", "stream": f"/v1/jobs/{row['job_id']}/stream"},
    )
