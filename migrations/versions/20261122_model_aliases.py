"""Names of one's own for what was trained, and jobs that go on from a trained model."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "20261122_5"
down_revision: str | None = "20261122_4"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Change the schema."""
    op.add_column("jobs", sa.Column("weights_from", sa.Text(), nullable=True))
    op.create_table(
        "model_aliases",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=512), nullable=False),
        sa.Column("job_id", sa.String(length=40), nullable=False),
        sa.Column("step", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_model_aliases_job_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_aliases")),
    )
    op.create_index("ix_model_aliases_owner_name_id", "model_aliases", ["owner", "name", "id"])


def downgrade() -> None:
    """Change it back."""
    op.drop_table("model_aliases")
    op.drop_column("jobs", "weights_from")
