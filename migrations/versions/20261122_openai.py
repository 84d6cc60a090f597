"""OpenAI's face: what it shows of a job, result files, files that expire, uploads in parts, creates that come again."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "20261122_4"
down_revision: str | None = "20261122_3"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Change the schema."""
    op.add_column("jobs", sa.Column("openai", sa.JSON(), nullable=True))
    op.add_column("jobs", sa.Column("result_file_id", sa.String(length=40), nullable=True))
    op.add_column("jobs", sa.Column("trained_tokens", sa.BigInteger(), nullable=True))
    is_due = sa.text("status = 'succeeded' AND result_file_id IS NULL")
    op.create_index("ix_jobs_result_file_due", "jobs", ["id"], sqlite_where=is_due, postgresql_where=is_due)
    op.add_column("files", sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_files_expires_at", "files", ["expires_at"])
    op.add_column("uploads", sa.Column("file_lifetime_seconds", sa.Integer(), nullable=True))
    op.create_table(
        "upload_parts",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("upload_id", sa.String(length=40), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["uploads.id"], name=op.f("fk_upload_parts_upload_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload_parts")),
    )
    op.create_index("ix_upload_parts_upload_id", "upload_parts", ["upload_id"])
    op.create_table(
        "openai_creates",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("body_hash", sa.String(length=64), nullable=False),
        sa.Column("retry_count", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_openai_creates")),
    )
    op.create_index("ix_openai_creates_owner_body_hash", "openai_creates", ["owner", "body_hash"])
    op.create_index("ix_openai_creates_created_at", "openai_creates", ["created_at"])
    op.create_table(
        "checkpoint_permissions",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("checkpoint", sa.Text(), nullable=False),
        sa.Column("project_id", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkpoint_permissions")),
        sa.UniqueConstraint(
            "owner", "checkpoint", "project_id", name=op.f("uq_checkpoint_permissions_owner_checkpoint_project_id")
        ),
    )


def downgrade() -> None:
    """Change it back."""
    op.drop_table("checkpoint_permissions")
    op.drop_table("openai_creates")
    op.drop_table("upload_parts")
    op.drop_column("uploads", "file_lifetime_seconds")
    op.drop_index("ix_files_expires_at", "files")
    op.drop_column("files", "expires_at")
    op.drop_index("ix_jobs_result_file_due", "jobs")
    op.drop_column("jobs", "trained_tokens")
    op.drop_column("jobs", "result_file_id")
    op.drop_column("jobs", "openai")
