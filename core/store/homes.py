"""Which of several servers has a lab: its home, the only one that writes it. Statements for PostgreSQL.

    replica    # one row a server, renewed once a second; a server that has not renewed its own for STALE is dead
    lab.home   # the id of a server: taken in the transaction that reads the lab, asked for in every one that writes it

A home is taken from a server that is dead, or that has given it away, and from no other. Nor by a server that itself
could not be seen within STALE: the database may have been away, for all of them. All times are those of the database's
clock, so that the clocks of the servers do not matter.
"""

import secrets
from dataclasses import dataclass
from itertools import count

import sqlalchemy as sa

from core.errors import N_, LessonError
from core.store.replica_tables import replica_table
from core.store.schema import lab_table

STALE = 6.0  # seconds without a renewal after which a server counts as dead
FORGOTTEN = 3_600.0  # seconds after which its row is deleted
REGISTRATION_LOCK = 60_212  # key of the advisory lock under which servers get their numbers
# a server that stands still in the middle of a transaction keeps nobody waiting for longer, in milliseconds
TRANSACTION_LIMITS = {"idle_in_transaction_session_timeout": "3000", "lock_timeout": "6000"}
DATABASE_TIME = sa.cast(sa.extract("epoch", sa.func.clock_timestamp()), sa.Float)
ADDRESS_TAKEN = "another server has started as {address} since: REPLICA must differ from server to server"


class AtOtherServer(LessonError):
    """A lab that is asked for is at another server.

    address: of that server
    """

    def __init__(self, address: str = "") -> None:
        super().__init__(N_("Your lab is at another server now; this page goes there by itself."))
        self.address = address


@dataclass(frozen=True)
class Home:
    """Where a lab is. age: seconds since the server last said that it lives"""

    address: str
    age: float


def new_id(address: str) -> str:
    """The id of a server that starts now: another one than before at the same address."""
    return f"{address}#{secrets.token_hex(4)}"


def register(connection: sa.Connection, me: str, is_new: bool = True) -> int:
    """Enter a server; its number, the lowest that no living one has.

    is_new: whether it has just started, so that whoever was at its address is dead from now on
    Raises LessonError if another one lives at the address of a server that is not new.
    """
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(REGISTRATION_LOCK)))
    address = me.rpartition("#")[0]
    same = replica_table.c.address == address
    if not is_new and connection.scalar(sa.select(replica_table.c.id).where(same, _is_alive())) is not None:
        raise LessonError(ADDRESS_TAKEN, address=address)
    old = replica_table.c.seen < DATABASE_TIME - FORGOTTEN
    connection.execute(replica_table.delete().where(same | old))
    taken = set(connection.scalars(sa.select(replica_table.c.number).where(_is_alive())))
    number = next(one for one in count() if one not in taken)
    row = {"id": me, "address": address, "number": number, "seen": DATABASE_TIME, "steady": DATABASE_TIME}
    connection.execute(replica_table.insert().values(**row))
    return number


def renew(connection: sa.Connection, me: str) -> float | None:
    """Say that a server lives; seconds since it last did so, None if it is not entered (any more)."""
    mine = replica_table.c.id == me
    before = connection.scalar(sa.select(replica_table.c.seen).where(mine).with_for_update())
    if before is None:
        return None
    paused = replica_table.c.seen < DATABASE_TIME - STALE
    steady = sa.case((paused, DATABASE_TIME), else_=replica_table.c.steady)
    new = replica_table.update().where(mine).values(seen=DATABASE_TIME, steady=steady)
    return float(connection.execute(new.returning(replica_table.c.seen)).scalar_one()) - float(before)


def take_home(connection: sa.Connection, lab: str, me: str) -> None:
    """Make a server the home of a lab; nothing happens if there is no such lab.

    lab: its key, see store.lab_id    Raises AtOtherServer if it is at another one that lives.
    """
    same = lab_table.c.id == lab
    found = connection.execute(sa.select(lab_table.c.home).where(same).with_for_update()).first()
    if found is None or found.home == me:
        return
    if found.home is not None:
        # the lock: a server that says that it lives does so either before or after its lab is taken
        its = replica_table.c.id == found.home
        alive = connection.scalar(sa.select(_is_alive()).where(its).with_for_update(read=True))
        mine = (replica_table.c.id == me) & _is_alive() & (replica_table.c.steady < DATABASE_TIME - STALE)
        if alive or (alive is not None and connection.scalar(sa.select(sa.true()).where(mine)) is None):
            raise AtOtherServer(found.home.rpartition("#")[0])
    connection.execute(lab_table.update().where(same).values(home=me))


def check_home(connection: sa.Connection, lab: str, me: str) -> None:
    """Let nobody take the home of a lab until the end of the transaction. Raises AtOtherServer if it is not `me`."""
    found = connection.execute(sa.select(lab_table.c.home).where(lab_table.c.id == lab).with_for_update()).first()
    if found is not None and found.home != me:
        raise AtOtherServer((found.home or "").rpartition("#")[0])


def home_of(connection: sa.Connection, lab: str) -> Home | None:
    """Where a lab is; None if it is nowhere, or at a server that has not been seen for long."""
    both = lab_table.join(replica_table, replica_table.c.id == lab_table.c.home)
    age = DATABASE_TIME - replica_table.c.seen
    found = connection.execute(sa.select(replica_table.c.address, age).select_from(both).where(lab_table.c.id == lab))
    row = found.first()
    return Home(row[0], float(row[1])) if row is not None else None


def lost(connection: sa.Connection, labs: list[str], me: str) -> set[str]:
    """Those of some labs that are not at a server (any more)."""
    elsewhere = sa.or_(lab_table.c.home.is_(None), lab_table.c.home != me)
    return set(connection.scalars(sa.select(lab_table.c.id).where(lab_table.c.id.in_(labs), elsewhere)))


def give_away(connection: sa.Connection, me: str) -> None:
    """Let any other server have the labs of this one, which is no server any more."""
    connection.execute(lab_table.update().where(lab_table.c.home == me).values(home=None))
    connection.execute(replica_table.delete().where(replica_table.c.id == me))


def living(connection: sa.Connection) -> set[str]:
    """The ids of all servers that live."""
    return set(connection.scalars(sa.select(replica_table.c.id).where(_is_alive())))


def _is_alive() -> sa.ColumnElement[bool]:
    return replica_table.c.seen > DATABASE_TIME - STALE
