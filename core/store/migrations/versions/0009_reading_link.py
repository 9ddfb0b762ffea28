"""A link that shows a lab and does not open it."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = depends_on = None


def upgrade() -> None:
    op.add_column("lab", sa.Column("reading_salt", sa.String(40)))
    op.add_column("lab", sa.Column("reading_key", sa.String(64)))
    op.create_index("ix_lab_reading_key", "lab", ["reading_key"], unique=True)


def downgrade() -> None:
    op.drop_index("ix_lab_reading_key", "lab")
    op.drop_column("lab", "reading_key")
    op.drop_column("lab", "reading_salt")
