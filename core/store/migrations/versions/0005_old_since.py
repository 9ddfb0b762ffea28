"""Since when a lab or a class has been too old: it is deleted by a later look."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = depends_on = None


def upgrade() -> None:
    for table in ("lab", "classroom"):
        op.add_column(table, sa.Column("old_since", sa.Float))


def downgrade() -> None:
    for table in ("lab", "classroom"):
        op.drop_column(table, "old_since")
