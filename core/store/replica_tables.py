"""The tables for several servers on one PostgreSQL (see homes.py); with a single server nothing is written to them.

replica     # one row a server
live        # one row a lab with a round under way, for the boards of the other servers; not kept over a crash
allowance   # how many tries an address has left
duty        # when what is done once a day was done
"""

import sqlalchemy as sa

from core.store.schema import BLOBS, tables

replica_table = sa.Table(
    "replica",
    tables,
    sa.Column("id", sa.String(100), primary_key=True),
    sa.Column("address", sa.String(80), nullable=False),  # host:port, as the proxy knows it
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("seen", sa.Float, nullable=False),  # when it last said that it lives, on the database's clock
    sa.Column("steady", sa.Float, nullable=False),  # since when it has said so without a pause
)
live_table = sa.Table(
    "live",
    tables,
    sa.Column("lab", sa.String(64), primary_key=True),
    sa.Column("classroom", sa.String(8), nullable=False, index=True),
    sa.Column("home", sa.String(100), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("plan", sa.Text, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("seconds", sa.Float, nullable=False),
    *(sa.Column(name, sa.LargeBinary, nullable=False) for name in BLOBS),
    sa.Column("written", sa.Float, nullable=False),  # on the database's clock
)
allowance_table = sa.Table(
    "allowance",
    tables,
    sa.Column("name", sa.String(20), primary_key=True),
    sa.Column("client", sa.String(64), primary_key=True),  # a hash of the address
    sa.Column("tries_left", sa.Float, nullable=False),
    sa.Column("since", sa.Float, nullable=False),  # on the database's clock
)
duty_table = sa.Table(
    "duty",
    tables,
    sa.Column("name", sa.String(20), primary_key=True),
    sa.Column("done", sa.Float, nullable=False),  # on the database's clock
)
