"""Where runs stand, what is to be told of them beside their moves, and the workers that were told of."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "20261122_8"
down_revision: str | None = "20261122_7"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Change the schema."""
    op.add_column("jobs", sa.Column("standing", sa.JSON(), nullable=True))
    op.create_table(
        "notices",
        sa.Column("id", _BIG_ID, autoincrement=True, nullable=False),
        sa.Column("job_id", sa.String(length=40), nullable=True),
        sa.Column("behind_event", sa.BigInteger(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_notices_job_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_notices_job_id", "notices", ["job_id"])
    op.create_table(
        "known_workers",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("boot_id", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_workers")),
    )


def downgrade() -> None:
    """Change it back."""
    op.drop_table("known_workers")
    op.drop_table("notices")
    op.drop_column("jobs", "standing")
