"""What can be asked of jobs. Each function is one transaction; who must hear of it is told after the commit."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Self

from sqlalchemy import Connection, RowMapping, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from axo_api.clock import now
from axo_api.errors import Invalid, TooManyWaiting
from axo_api.jobs.chains import check_chain, link_rows
from axo_api.jobs.config_files import check_files_of_configs
from axo_api.jobs.data import settle_data
from axo_api.jobs.finding import get as get
from axo_api.jobs.in_queue import IN_QUEUE
from axo_api.jobs.models import settle_models
from axo_api.jobs.moves import record_queued
from axo_api.jobs.prepared import check_prepared
from axo_api.models.starting import check_start
from axo_api.owners import owned
from axo_api.tables import jobs
from axo_contracts.config_spec import ConfigSpec
from axo_contracts.ids import JOB, new_id
from axo_contracts.jobs import JobSpec, link_to_spec, links_of, spec_from_json
from axo_contracts.lifecycle import JobStatus
from axo_contracts.tasks.rows_task import RowsTask
from axo_contracts.training import Training

# Built once: to build them for each group is a third of the processor time that a submit takes in the database.
_INSERT_JOB = insert(jobs)
_BLANK: dict[str, Any] = dict.fromkeys(jobs.columns.keys())


@dataclass(frozen=True, slots=True)
class Submission:
    """A job that is asked for, and the row that it will be."""

    spec: JobSpec
    row: dict[str, Any]
    links: tuple["Submission", ...] = ()  # what follows it, as rows that are held

    @classmethod
    def of(
        cls,
        spec: JobSpec,
        *,
        owner: str,
        idempotency_key: str | None = None,
        asked_as: str = "submit",
        then: Sequence[JobSpec] | None = None,
    ) -> Self:
        """Return the submission of `spec` by `owner`. A key that was used means the same request again: `asked_as`.

        `then` is the chain that follows, where that is not what the spec says.
        """
        row = _new_row(spec, owner)
        if then is None:
            then = [link_to_spec(link, priority=spec.priority) for link in links_of(spec)]
        links = tuple(Submission(link, _new_row(link, owner)) for link in then)
        link_rows(row, [link.row for link in links])
        if idempotency_key is not None:
            request = f"{asked_as}\n{spec.model_dump_json()}"
            row |= {"idempotency_key": idempotency_key, "request_hash": sha256(request.encode()).hexdigest()}
        return cls(spec, row, links)


def submit_all(connection: Connection, submissions: Sequence[Submission]) -> list[RowMapping | dict[str, Any]]:
    """Queue jobs and return their rows; an idempotency key that was used before returns the job that it made.

    Raises `Invalid` when a file that one names does not exist or has bad rows, and when a key was used for another
    spec, and `ModelNotFound`.
    """
    _check_data(connection, submissions)
    plain = [submission.row for submission in submissions if submission.row["idempotency_key"] is None]
    new = plain + [s.row for s in submissions if s.row["idempotency_key"] and _insert_once(connection, s.row)]
    if plain:
        connection.execute(_INSERT_JOB, plain)
    made = {row["id"] for row in new}
    if held := [link.row for submission in submissions if submission.row["id"] in made for link in submission.links]:
        connection.execute(_INSERT_JOB, held)
    if new:
        record_queued(connection, [*new, *held])
    return [s.row if s.row["id"] in made else _job_of_key(connection, s.row) or s.row for s in submissions]


def dry_run(connection: Connection, submission: Submission) -> JobSpec:
    """Return the spec as it would be queued, and queue nothing. Raises `Invalid` as `submit_all` does."""
    _check_data(connection, [submission])
    return spec_from_json(submission.row["spec"])


def check_room(connection: Connection, *, owner: str, most: int) -> None:
    """Raise `TooManyWaiting` when `most` jobs of an owner wait already. Those submitted at this moment do not count."""
    waiting = select(jobs.c.id).where(jobs.c.owner == owner, IN_QUEUE).limit(most)
    if len(connection.execute(waiting).all()) >= most:
        raise TooManyWaiting(f"{most} jobs of yours wait already, and no more may; ask again when one has started.")


def made_before(connection: Connection, submission: Submission) -> RowMapping | None:
    """Return the job that the same request with the same idempotency key made. Raises `Invalid` for another request."""
    return _job_of_key(connection, submission.row)


def find(
    connection: Connection, *, owner: str | None, after: str | None, limit: int, statuses: Sequence[JobStatus]
) -> Sequence[RowMapping]:
    """Return up to `limit` + 1 jobs of an owner (None: of all), newest first, older than the job `after`."""
    query = select(jobs).where(owned(jobs, owner)).order_by(jobs.c.id.desc()).limit(limit + 1)
    if after is not None:
        query = query.where(jobs.c.id < after)
    if statuses:
        query = query.where(jobs.c.status.in_(statuses))
    return connection.execute(query).mappings().all()


def _check_data(connection: Connection, submissions: Sequence[Submission]) -> None:
    for submission in submissions:
        settle_models(connection, submission.spec, submission.row)
        check_start(connection, submission.row)
    typed = [(s.row["owner"], s.spec, s.row["spec"]) for s in submissions if isinstance(s.spec, Training | RowsTask)]
    settle_data(connection, typed)
    configs = [(s.row["owner"], s.spec) for s in submissions if isinstance(s.spec, ConfigSpec)]
    check_files_of_configs(connection, configs)
    for submission in submissions:
        check_prepared(connection, submission.spec, submission.row)
        check_chain(connection, submission)


def _new_row(spec: JobSpec, owner: str) -> dict[str, Any]:
    at = now()
    return _BLANK | {
        "id": new_id(JOB),
        "owner": owner,
        "name": spec.name,
        "kind": spec.kind,
        "status": JobStatus.QUEUED,
        "attempt": 0,
        "losses": 0,
        "is_held": False,
        "priority": spec.priority,
        "spec": spec.model_dump(mode="json"),
        "created_at": at,
        "updated_at": at,
        "journal_applied": 0,
    }


def _insert_once(connection: Connection, row: dict[str, Any]) -> bool:
    """Insert a job; return False when its idempotency key is taken. A taken key must not end the transaction."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(jobs).on_conflict_do_nothing(index_elements=["owner", "idempotency_key"])
    returned = connection.execute(statement.returning(jobs.c.id), row)  # Postgres counts no rows of such an insert
    return returned.one_or_none() is not None


def _job_of_key(connection: Connection, row: dict[str, Any]) -> RowMapping | None:
    key = row["idempotency_key"]
    query = select(jobs).where(jobs.c.owner == row["owner"], jobs.c.idempotency_key == key)
    made = connection.execute(query).mappings().one_or_none()
    if made is not None and made["request_hash"] != row["request_hash"]:
        raise Invalid(
            f"Idempotency-Key {key!r} was used for another request, which made {made['id']}; use a new key.",
            param="Idempotency-Key",
        )
    return made
