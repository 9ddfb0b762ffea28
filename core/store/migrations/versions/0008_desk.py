"""What a teacher does from the desk: notices, nicknames hidden together, seats given back and merged, the questions."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = depends_on = None


def upgrade() -> None:
    op.add_column("classroom", sa.Column("notice", sa.Text))
    op.add_column("classroom", sa.Column("nicknames_hidden", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("classroom", sa.Column("questions", sa.String(16), nullable=False, server_default="off"))
    op.add_column("membership", sa.Column("removed", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("membership", sa.Column("merged_into", sa.Integer))
    op.create_table(
        "answer",
        sa.Column("classroom", sa.String(8), sa.ForeignKey("classroom.code", ondelete="CASCADE"), primary_key=True),
        sa.Column("respondent", sa.String(32), primary_key=True),
        sa.Column("phase", sa.String(16), primary_key=True),
        sa.Column("answers", sa.String(40), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("answer")
    for column in ("removed", "merged_into"):
        op.drop_column("membership", column)
    for column in ("notice", "nicknames_hidden", "questions"):
        op.drop_column("classroom", column)
