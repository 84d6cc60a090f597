"""Which jobs wait for a worker, as a condition of queries."""

from sqlalchemy import false

from axo_api.tables import jobs
from axo_contracts.lifecycle import JobStatus

IN_QUEUE = (jobs.c.status == JobStatus.QUEUED) & (jobs.c.is_held == false())
"""Not those that wait for the job before them in their chain."""
