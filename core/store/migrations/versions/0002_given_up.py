"""Which trials of a round were given up."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = depends_on = None


def upgrade() -> None:
    op.add_column("round", sa.Column("given_up", sa.LargeBinary))


def downgrade() -> None:
    op.drop_column("round", "given_up")
