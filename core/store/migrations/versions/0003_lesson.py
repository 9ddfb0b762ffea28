"""The lesson that a lab was made for."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = depends_on = None


def upgrade() -> None:
    op.add_column("lab", sa.Column("preset", sa.Text))


def downgrade() -> None:
    op.drop_column("lab", "preset")
