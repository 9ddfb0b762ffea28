"""Labs, rounds, repeats and openings."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = depends_on = None


def _lab() -> sa.Column[str]:
    return sa.Column("lab", sa.String(64), sa.ForeignKey("lab.id", ondelete="CASCADE"), primary_key=True)


def _key(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, primary_key=True, autoincrement=False)


def upgrade() -> None:
    op.create_table(
        "lab",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("pseudonym", sa.String(80), nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("used", sa.Float, nullable=False),
        sa.Column("plan", sa.Text, nullable=False),
        sa.Column("earlier", sa.Text, nullable=False),
        sa.Column("chosen", sa.Text),
    )
    op.create_index("ix_lab_used", "lab", ["used"])
    op.create_table(
        "round",
        _lab(),
        _key("number"),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("plan", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        *(
            sa.Column(name, sa.LargeBinary)
            for name in ("epochs_done", "diverged", "train_accuracy", "validation_accuracy")
        ),
    )
    op.create_table(
        "repeat", _lab(), _key("number"), _key("trial"), sa.Column("accuracy", sa.LargeBinary, nullable=False)
    )
    op.create_table(
        "opening",
        _lab(),
        sa.Column("opened", sa.Float, nullable=False),
        sa.Column("plan", sa.Text, nullable=False),
        sa.Column("result", sa.Text),
        sa.Column("temptation", sa.Text),
    )


def downgrade() -> None:
    for table in ("opening", "repeat", "round", "lab"):
        op.drop_table(table)
