"""Several servers: which has a lab, what they tell each other of classes and rounds, what they count together."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = depends_on = None


def upgrade() -> None:
    op.add_column("lab", sa.Column("home", sa.String(100)))
    op.create_index("ix_lab_home", "lab", ["home"])
    op.add_column("round", sa.Column("written", sa.Float))
    op.add_column("classroom", sa.Column("version", sa.Integer, nullable=False, server_default="0"))
    op.add_column("classroom", sa.Column("last_seat", sa.Integer, nullable=False, server_default="0"))
    op.add_column("classroom", sa.Column("watched", sa.Float))
    op.create_table(
        "replica",
        sa.Column("id", sa.String(100), primary_key=True),
        sa.Column("address", sa.String(80), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("seen", sa.Float, nullable=False),
        sa.Column("steady", sa.Float, nullable=False),
    )
    unlogged = ["UNLOGGED"] if op.get_bind().dialect.name == "postgresql" else []
    op.create_table(
        "live",
        sa.Column("lab", sa.String(64), primary_key=True),
        sa.Column("classroom", sa.String(8), nullable=False),
        sa.Column("home", sa.String(100), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("plan", sa.Text, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("epochs_done", sa.LargeBinary, nullable=False),
        sa.Column("diverged", sa.LargeBinary, nullable=False),
        sa.Column("train_accuracy", sa.LargeBinary, nullable=False),
        sa.Column("validation_accuracy", sa.LargeBinary, nullable=False),
        sa.Column("given_up", sa.LargeBinary, nullable=False),
        sa.Column("written", sa.Float, nullable=False),
        prefixes=unlogged,
    )
    op.create_index("ix_live_classroom", "live", ["classroom"])
    op.create_table(
        "allowance",
        sa.Column("name", sa.String(20), primary_key=True),
        sa.Column("client", sa.String(64), primary_key=True),
        sa.Column("tries_left", sa.Float, nullable=False),
        sa.Column("since", sa.Float, nullable=False),
    )
    op.create_table(
        "duty",
        sa.Column("name", sa.String(20), primary_key=True),
        sa.Column("done", sa.Float, nullable=False),
    )


def downgrade() -> None:
    for table in ("duty", "allowance", "live", "replica"):
        op.drop_table(table)
    for column in ("version", "last_seat", "watched"):
        op.drop_column("classroom", column)
    op.drop_column("round", "written")
    op.drop_index("ix_lab_home", "lab")
    op.drop_column("lab", "home")
