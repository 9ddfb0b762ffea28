"""Classes, and which lab has a seat in which."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = depends_on = None


def upgrade() -> None:
    op.create_table(
        "classroom",
        sa.Column("code", sa.String(8), primary_key=True),
        sa.Column("teacher", sa.String(64), nullable=False, unique=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("preset", sa.Text, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("used", sa.Float, nullable=False),
        sa.Column("rounds_open", sa.Boolean, nullable=False),
        sa.Column("board_open", sa.Boolean, nullable=False),
        sa.Column("ranking", sa.String(16), nullable=False),
        sa.Column("frozen", sa.Text),
        sa.Column("finals", sa.String(16), nullable=False),
        sa.Column("ended", sa.Float),
    )
    op.create_index("ix_classroom_used", "classroom", ["used"])
    op.create_table(
        "membership",
        sa.Column("lab", sa.String(64), sa.ForeignKey("lab.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("classroom", sa.String(8), sa.ForeignKey("classroom.code", ondelete="CASCADE"), nullable=False),
        sa.Column("seat", sa.Integer, nullable=False),
        sa.Column("nickname", sa.Text, nullable=False),
        sa.Column("hidden", sa.Boolean, nullable=False),
        sa.Column("last_round", sa.Integer),
        sa.UniqueConstraint("classroom", "seat", name="uq_membership_seat"),
    )


def downgrade() -> None:
    for table in ("membership", "classroom"):
        op.drop_table(table)
