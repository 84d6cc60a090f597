"""Sums for /metrics, and the trace that a job belongs to."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "20261122_7"
down_revision: str | None = "20261122_6"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Change the schema."""
    op.create_table(
        "tallies",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("label", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("name", "label", name=op.f("pk_tallies")),
    )
    op.add_column("jobs", sa.Column("traceparent", sa.String(length=55), nullable=True))


def downgrade() -> None:
    """Change it back."""
    op.drop_column("jobs", "traceparent")
    op.drop_table("tallies")
