"""Every table, as SQLAlchemy Core sees it. A change here needs a migration; a test compares the two."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
    true,
)
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, kept as UTC. SQLite has no time zones, so there the zone is left out and put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


_BigId = BigInteger().with_variant(Integer, "sqlite")  # only INTEGER counts up by itself in SQLite


def _job_id(**settings: Any) -> Column[str]:
    return Column("job_id", String(40), ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False, **settings)


jobs = Table(
    "jobs",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("name", String(64)),
    Column("kind", String(32), nullable=False),
    Column("status", String(32), nullable=False),
    Column("attempt", Integer, nullable=False, server_default=text("0")),
    Column("losses", Integer, nullable=False, server_default=text("0")),  # since the newest checkpoint
    Column("priority", Integer, nullable=False, server_default=text("0")),
    Column("spec", JSON, nullable=False),
    Column("retry_of", String(40)),
    Column("checkpoints_from", JSON),  # of the job that it retries: what its first attempt may go on from
    Column("weights_from", Text),  # of a trained model that it goes on from: the folder, below the storage root
    Column("models", JSON),  # what it reads, by the field that names each: where they lie (`axo_api.models.weights`)
    Column("after", String(40)),  # the job before it in its chain
    Column("then", JSON),  # the ids of those that follow it there, in their order
    Column("is_held", Boolean, nullable=False, server_default=false()),  # until `after` has succeeded
    Column("remedies", JSON),  # hyperparameters that a later attempt takes in place of the spec's
    Column("idempotency_key", String(255)),
    Column("request_hash", String(64)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("worker_id", String(255)),
    Column("reason", String(32)),
    Column("message", Text),
    Column("log_tail", JSON),
    Column("result_attempt", Integer),
    Column("result_going_at", UtcDateTime),  # since when it is being deleted: from then on nobody is given it
    Column("step", Integer),
    Column("max_steps", Integer),
    Column("epoch", Float),
    Column("first_loss", Float),
    Column("loss", Float),
    Column("progress_at", UtcDateTime),
    Column("standing", JSON),  # of its newest run (`axo_contracts.standing`)
    Column("journal_applied", BigInteger, nullable=False, server_default=text("0")),  # offset in the journal
    Column("openai", JSON),  # what OpenAI's face shows of it and the spec does not say
    Column("result_file_id", String(40)),  # its metrics as a file, made when it has succeeded
    Column("trained_tokens", BigInteger),  # counted then, too
    Column("traceparent", String(55)),  # of the request that submitted it (W3C Trace Context), where traces are kept
    UniqueConstraint("owner", "idempotency_key"),
    Index("ix_jobs_owner_id", "owner", "id"),
    Index("ix_jobs_status_priority_id", "status", "priority", "id"),
)
_is_due = (jobs.c.status == "succeeded") & jobs.c.result_file_id.is_(None)
Index("ix_jobs_result_file_due", jobs.c.id, sqlite_where=_is_due, postgresql_where=_is_due)

attempts = Table(
    "attempts",
    metadata,
    _job_id(primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("worker_id", String(255), nullable=False),
    Column("boot_id", String(64), nullable=False),
    Column("gpus", JSON, nullable=False),
    Column("config", JSON, nullable=False),  # the Axolotl config as resolved for that worker
    Column("placed_at", UtcDateTime, nullable=False),
    Column("ordered_at", UtcDateTime),  # when the order was last put into the worker's queue
    Column("started_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("reason", String(32)),
    Column("exit_code", Integer),
    Column("signal", Integer),
    Column("message", Text),
)

job_events = Table(
    "job_events",
    metadata,
    Column("id", _BigId, primary_key=True, autoincrement=True),
    _job_id(index=True),
    Column("time", UtcDateTime, nullable=False),
    Column("status", String(32), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("reason", String(32)),
    Column("message", Text, nullable=False),
    Column("journaled", Boolean, nullable=False, server_default=false()),
    Column("published", Boolean, nullable=False, server_default=false()),
    sqlite_autoincrement=True,
)
for _pending in (job_events.c.journaled, job_events.c.published):
    Index(
        f"ix_job_events_not_{_pending.name}",
        job_events.c.id,
        sqlite_where=_pending == false(),
        postgresql_where=_pending == false(),
    )

notices = Table(
    "notices",
    metadata,
    Column("id", _BigId, primary_key=True, autoincrement=True),
    Column("job_id", String(40), ForeignKey("jobs.id", ondelete="CASCADE"), index=True),  # none: it is of a worker
    Column("behind_event", BigInteger, nullable=False),  # the newest of `job_events` when it was made
    Column("time", UtcDateTime, nullable=False),
    Column("type", String(64), nullable=False),
    Column("body", JSON, nullable=False),
    sqlite_autoincrement=True,
)

known_workers = Table(
    "known_workers",
    metadata,
    Column("id", String(255), primary_key=True),
    Column("boot_id", String(64), nullable=False),
    Column("state", String(16), nullable=False),  # online, draining or drained
    Column("host", String(255), nullable=False),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("id", String(40), primary_key=True),
    _job_id(),
    Column("attempt", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    Column("path", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("rule_pending", Boolean, nullable=False, server_default=false()),  # its job's `keep` has yet to be applied
    Column("removed_at", UtcDateTime),  # from then on there is none; its files go next
    Column("removed_because", String(16)),
    Column("gone_at", UtcDateTime),  # when its files went
    UniqueConstraint("job_id", "attempt", "step"),
)
_is_going = checkpoints.c.removed_at.is_not(None) & checkpoints.c.gone_at.is_(None)
Index("ix_checkpoints_going", checkpoints.c.id, sqlite_where=_is_going, postgresql_where=_is_going)
_has_rule_due = (checkpoints.c.rule_pending == true()) & checkpoints.c.removed_at.is_(None)
Index("ix_checkpoints_due", checkpoints.c.job_id, sqlite_where=_has_rule_due, postgresql_where=_has_rule_due)

files = Table(
    "files",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("filename", String(255), nullable=False),
    Column("purpose", String(32), nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("report", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, index=True),
    Column("suffix", String(16), nullable=False, server_default=text("'.jsonl'")),  # says what the rows are wrapped in
    Index("ix_files_owner_id", "owner", "id"),
)

uploads = Table(
    "uploads",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("filename", String(255), nullable=False),
    Column("purpose", String(32), nullable=False),
    Column("bytes", BigInteger),  # of the whole file, where that was said
    Column("sha256", String(64)),
    Column("status", String(16), nullable=False),
    Column("file_id", String(40)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("file_lifetime_seconds", Integer),  # of what it becomes; none: until it is deleted
)

upload_parts = Table(
    "upload_parts",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("upload_id", String(40), ForeignKey("uploads.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("bytes", BigInteger, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

openai_creates = Table(
    "openai_creates",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("body_hash", String(64), nullable=False),
    Column("retry_count", Integer, nullable=False),  # the highest that was seen of it
    Column("created_at", UtcDateTime, nullable=False, index=True),
    Index("ix_openai_creates_owner_body_hash", "owner", "body_hash"),
)

checkpoint_permissions = Table(
    "checkpoint_permissions",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("checkpoint", Text, nullable=False),
    Column("project_id", String(255), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("owner", "checkpoint", "project_id"),
)

model_aliases = Table(
    "model_aliases",
    metadata,
    Column("id", String(40), primary_key=True),  # the newest of a name counts; those before it are what it was
    Column("owner", String(64), nullable=False),
    Column("name", String(512), nullable=False),
    _job_id(),
    Column("step", Integer),  # of a checkpoint; none: the result
    Column("created_at", UtcDateTime, nullable=False),
    Column("moved_by", String(64)),  # the owner of the key; none: it was not noted yet
    Column("is_undo", Boolean, nullable=False, server_default=false()),
    Column("undo_to", String(40)),  # the row whose turn it is again when this one is undone
    Column("gate", JSON),  # what was asked of an evaluation, and its figures
    Index("ix_model_aliases_owner_name_id", "owner", "name", "id"),
    Index("ix_model_aliases_job_id", "job_id"),
)

tallies = Table(  # sums over all that ever happened, for /metrics
    "tallies",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("label", String(64), primary_key=True),
    Column("value", Float(53), nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("hash", String(64), nullable=False),  # SHA-256; the key itself is nowhere
    Column("owner", String(64), nullable=False),
    Column("name", String(200)),
    Column("scopes", JSON, nullable=False),
    Column("organization", String(64), nullable=False),
    Column("project", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("last_used_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    UniqueConstraint("hash"),
)

webhook_endpoints = Table(
    "webhook_endpoints",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("url", Text, nullable=False),
    Column("event_types", JSON, nullable=False),
    Column("secret", String(64), nullable=False),  # as it is: to sign needs it
    Column("old_secret", String(64)),
    Column("old_secret_until", UtcDateTime),
    Column("enabled", Boolean, nullable=False),
    Column("disabled_reason", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Index("ix_webhook_endpoints_owner_id", "owner", "id"),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("endpoint_id", String(40), ForeignKey("webhook_endpoints.id", ondelete="CASCADE"), nullable=False),
    Column("event_id", BigInteger, nullable=False),  # in job_events: the order among those of one job
    Column("job_id", String(40), nullable=False),
    Column("event_type", String(64), nullable=False),
    Column("payload", Text, nullable=False),  # byte for byte what is sent, however often
    Column("status", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("next_attempt_at", UtcDateTime),
    Column("queued_at", UtcDateTime, nullable=False),  # again, when it is redelivered
    Column("last_attempt_at", UtcDateTime),
    Column("status_code", Integer),  # of the last answer
    Column("answer", Text),  # its first bytes
    Column("error", Text),  # why the last attempt failed
    Column("ended_at", UtcDateTime, index=True),
    Index("ix_webhook_deliveries_endpoint_id_id", "endpoint_id", "id"),
)
_is_pending = webhook_deliveries.c.status == "pending"
for _name, _columns in {
    "ix_webhook_deliveries_due": (webhook_deliveries.c.endpoint_id, webhook_deliveries.c.next_attempt_at),
    "ix_webhook_deliveries_line": (
        webhook_deliveries.c.endpoint_id,
        webhook_deliveries.c.job_id,
        webhook_deliveries.c.event_id,
    ),
}.items():
    Index(_name, *_columns, sqlite_where=_is_pending, postgresql_where=_is_pending)
