"""A job's recorded move as the event that the world is told: over Redis, by webhooks, in the stream of all jobs."""

from sqlalchemy import RowMapping, select

from axo_api.tables import job_events, jobs
from axo_contracts.events import JOB_EVENTS, JOB_RESUMED, JobEvent
from axo_contracts.lifecycle import JobStatus
from axo_contracts.standing import standing_from_json

_earlier = job_events.alias()
_STATUS_BEFORE = (
    select(_earlier.c.status)
    .where(_earlier.c.job_id == job_events.c.job_id, _earlier.c.id < job_events.c.id)
    .order_by(_earlier.c.id.desc())
    .limit(1)
    .scalar_subquery()
)
_OF_THE_JOB = jobs.c.owner, jobs.c.name, jobs.c.kind, jobs.c.standing
MOVES = select(job_events, *_OF_THE_JOB, _STATUS_BEFORE.label("status_before")).join(
    jobs, jobs.c.id == job_events.c.job_id
)
"""All moves, as the rows that `event_of_move` takes."""

_SENTENCES: dict[JobStatus, str] = {
    JobStatus.QUEUED: "The job waits for a worker.",
    JobStatus.STARTING: "The job was given to a worker.",
    JobStatus.RUNNING: "The job's trainer was started.",
    JobStatus.PAUSING: "The job was asked to pause at its next step.",
    JobStatus.PAUSED: "The job is paused.",
    JobStatus.CANCELLING: "The job was asked to stop at its next step.",
    JobStatus.SUCCEEDED: "The run ended and its result is whole.",
    JobStatus.FAILED: "The job failed.",
    JobStatus.CANCELLED: "The job was cancelled.",
}


def event_of_move(row: RowMapping, event_id: str = "") -> JobEvent:
    """Return the event of a row of `MOVES`. `event_id` is its id there where it is told."""
    status = JobStatus(row["status"])
    is_resumed = status is JobStatus.QUEUED and row["status_before"] == JobStatus.PAUSED
    standing = standing_from_json(row["standing"])
    return JobEvent(
        id=event_id,
        type=JOB_RESUMED if is_resumed else JOB_EVENTS[status],
        time=row["time"],
        job=row["job_id"],
        owner=row["owner"],
        name=row["name"],
        progress=standing if standing and standing.attempt <= row["attempt"] else None,
        status=status,
        attempt=row["attempt"],
        reason=row["reason"],
        message=row["message"] or ("The job goes on: it waits for a worker." if is_resumed else _SENTENCES[status]),
        links=links_of(row["job_id"]),
        event=row["id"],
    )


def links_of(job_id: str) -> dict[str, str]:
    """Return where to ask for more about a job."""
    job = f"/v1/jobs/{job_id}"
    return {"job": job, "stream": f"{job}/stream", "metrics": f"{job}/metrics"}
