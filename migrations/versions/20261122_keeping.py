"""Checkpoints that rules delete, and names whose moves are logged, gated and undone."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "20261122_11"
down_revision: str | None = "20261122_10"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_GOING = sa.text("removed_at IS NOT NULL AND gone_at IS NULL")
_DUE_SQLITE = sa.text("rule_pending = 1 AND removed_at IS NULL")
_DUE_POSTGRES = sa.text("rule_pending = true AND removed_at IS NULL")
_UNDO_TO = """
UPDATE model_aliases SET undo_to = (
  SELECT max(earlier.id) FROM model_aliases AS earlier
  WHERE earlier.owner = model_aliases.owner AND earlier.name = model_aliases.name AND earlier.id < model_aliases.id
)
"""


def upgrade() -> None:
    """Change the schema."""
    op.add_column("checkpoints", sa.Column("rule_pending", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("checkpoints", sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("checkpoints", sa.Column("removed_because", sa.String(length=16), nullable=True))
    op.add_column("checkpoints", sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_checkpoints_going", "checkpoints", ["id"], sqlite_where=_GOING, postgresql_where=_GOING)
    op.create_index(
        "ix_checkpoints_due", "checkpoints", ["job_id"], sqlite_where=_DUE_SQLITE, postgresql_where=_DUE_POSTGRES
    )
    op.add_column("model_aliases", sa.Column("moved_by", sa.String(length=64), nullable=True))
    op.add_column("model_aliases", sa.Column("is_undo", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("model_aliases", sa.Column("undo_to", sa.String(length=40), nullable=True))
    op.add_column("model_aliases", sa.Column("gate", sa.JSON(), nullable=True))
    op.create_index("ix_model_aliases_job_id", "model_aliases", ["job_id"])
    op.execute(_UNDO_TO)


def downgrade() -> None:
    """Change it back."""
    op.drop_index("ix_model_aliases_job_id", "model_aliases")
    for name in ("gate", "undo_to", "is_undo", "moved_by"):
        op.drop_column("model_aliases", name)
    for name in ("ix_checkpoints_due", "ix_checkpoints_going"):
        op.drop_index(name, "checkpoints")
    for name in ("gone_at", "removed_because", "removed_at", "rule_pending"):
        op.drop_column("checkpoints", name)
