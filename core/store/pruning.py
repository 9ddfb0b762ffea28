"""Which labs and classes are deleted since nobody has used them for long. A clock that is wrong deletes nothing.

Age is the time from a last use to the newest use of anything in the store, uses that lie in the future left out: when
the clock is ahead, nothing grows older by that alone. What is too old is marked, and deleted by a later look that finds
it too old again, LOOKS_APART seconds after the mark at least. A use is written down as no earlier than the newest one
in the store: what is made while the clock is behind is not old when it is right again.
"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from core.store.homes import DATABASE_TIME
from core.store.replica_tables import allowance_table, duty_table, live_table
from core.store.schema import classroom_table, lab_table

DAY = 86_400.0  # seconds
LOOKS_APART = 20 * 3_600.0  # seconds: on different days, also if the server is started for every lesson
TABLES = (classroom_table, lab_table)


def newest_use(connection: sa.Connection, until: float | None = None) -> float | None:
    """When anything in the store was used last, at `until` at the latest; None if nothing was."""
    newest = [
        connection.scalar(
            sa.select(sa.func.max(table.c.used)).where(sa.true() if until is None else table.c.used <= until)
        )
        for table in TABLES
    ]
    return max((one for one in newest if one is not None), default=None)


def time_of_use(connection: sa.Connection, used: float) -> float:
    """What is written down for a use: the newest one in the store if that is more than a day later, see above."""
    newest = newest_use(connection)
    return used if newest is None or newest - used < DAY else newest


def claim_day(connection: sa.Connection, duty: str) -> bool:
    """Whether a duty of several servers is this one's today: nobody has had it for a day, by the database's clock."""
    claimed = postgresql.insert(duty_table).values(name=duty, done=DATABASE_TIME)
    is_due = duty_table.c.done <= DATABASE_TIME - DAY
    claimed = claimed.on_conflict_do_update(index_elements=["name"], set_={"done": DATABASE_TIME}, where=is_due)
    return connection.execute(claimed.returning(duty_table.c.name)).first() is not None


def delete_passed(connection: sa.Connection) -> None:
    """Delete what several servers told each other more than a day ago."""
    connection.execute(live_table.delete().where(live_table.c.written < DATABASE_TIME - DAY))
    connection.execute(allowance_table.delete().where(allowance_table.c.since < DATABASE_TIME - DAY))


def prune(connection: sa.Connection, now: float, days: float) -> int:
    """Delete what has been too old at two looks, mark what is too old now; how many labs were deleted.

    now: seconds since 1970    days: after its last use that a lab or class is kept
    """
    newest = newest_use(connection, now)
    deleted = 0
    for table in TABLES:
        is_old = sa.false() if newest is None else table.c.used < newest - days * DAY
        connection.execute(table.update().where(table.c.old_since.is_not(None), ~is_old).values(old_since=None))
        deleted = connection.execute(table.delete().where(is_old, table.c.old_since <= now - LOOKS_APART)).rowcount
        is_new = sa.or_(table.c.old_since.is_(None), table.c.old_since > now)
        connection.execute(table.update().where(is_old, is_new).values(old_since=now))
    return deleted
