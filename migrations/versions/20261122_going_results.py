"""Results that are being deleted, and are given to nobody from then on."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "20261122_13"
down_revision: str | None = "20261122_12"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Change the schema."""
    op.add_column("jobs", sa.Column("result_going_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Change it back."""
    op.drop_column("jobs", "result_going_at")
