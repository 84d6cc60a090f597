"""Chains: jobs that follow when the one before has succeeded."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "20261122_12"
down_revision: str | None = "20261122_11"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Change the schema."""
    op.add_column("jobs", sa.Column("after", sa.String(length=40), nullable=True))
    op.add_column("jobs", sa.Column("then", sa.JSON(), nullable=True))
    op.add_column("jobs", sa.Column("is_held", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    """Change it back."""
    op.drop_column("jobs", "is_held")
    op.drop_column("jobs", "then")
    op.drop_column("jobs", "after")
