"""Jobs of other kinds than training, and training on what was trained here: the models that a job reads."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "20261122_10"
down_revision: str | None = "20261122_9"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Change the schema."""
    op.add_column("jobs", sa.Column("models", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Change it back."""
    op.drop_column("jobs", "models")
