"""Rounds of a class as its servers tell each other of them, for their boards. Statements for PostgreSQL.

live     # rounds under way, written by the home of their lab as long as anybody watches a board of the class
round    # rounds that are over, found by when they were written
opening  # results of final tests
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from core.store.homes import DATABASE_TIME, living
from core.store.replica_tables import live_table, replica_table
from core.store.schema import (
    BLOBS,
    OpeningRecord,
    RoundRecord,
    lab_table,
    membership_table,
    opening_table,
    round_table,
)

OVERLAP = 10.0  # seconds before the latest write that was seen in which one may have come to light later
ROUND_COLUMNS = [round_table.c[one.name] for one in fields(RoundRecord)]
LIVE_COLUMNS = ("number", "plan", "status", "seconds", *BLOBS)

RoundKey = tuple[str, int]  # key of the lab, number of the round


@dataclass(frozen=True)
class LiveRound:
    """A round under way at another server."""

    lab: str
    home: str
    record: RoundRecord
    written: float


@dataclass(frozen=True)
class Opening:
    """A final test with its results, and the choice that was tested."""

    chosen: str | None
    record: OpeningRecord


def write_live(connection: sa.Connection, classroom: str, home: str, rounds: Mapping[str, RoundRecord]) -> None:
    """Write down how far rounds are. rounds: by the key of their lab, with all arrays"""
    rows = [
        {"lab": lab, "classroom": classroom, "home": home, **{name: getattr(record, name) for name in LIVE_COLUMNS}}
        for lab, record in rounds.items()
    ]
    insert = postgresql.insert(live_table).values(
        {name: sa.bindparam(name) for name in rows[0]} | {"written": DATABASE_TIME}
    )
    new = {name: insert.excluded[name] for name in (*rows[0], "written") if name != "lab"}
    connection.execute(insert.on_conflict_do_update(index_elements=["lab"], set_=new), rows)


def read_live(connection: sa.Connection, classroom: str, me: str, since: float) -> list[LiveRound]:
    """Rounds under way of a class that servers other than `me` have written since a time, and that live."""
    alive = replica_table.c.id.in_(living(connection) - {me})
    chosen = sa.select(live_table).join(replica_table, (replica_table.c.id == live_table.c.home) & alive)
    chosen = chosen.where(live_table.c.classroom == classroom, live_table.c.written > since)
    return [
        LiveRound(row["lab"], row["home"], RoundRecord(note="", **{n: row[n] for n in LIVE_COLUMNS}), row["written"])
        for row in connection.execute(chosen).mappings()
    ]


def rounds_written(connection: sa.Connection, classroom: str, since: float) -> dict[RoundKey, float]:
    """Which rounds of a class were written since a time, and when."""
    both = membership_table.join(round_table, round_table.c.lab == membership_table.c.lab)
    chosen = sa.select(round_table.c.lab, round_table.c.number, round_table.c.written).select_from(both)
    chosen = chosen.where(membership_table.c.classroom == classroom, round_table.c.written > since)
    return {(lab, number): written for lab, number, written in connection.execute(chosen)}


def read_rounds(connection: sa.Connection, keys: Collection[RoundKey]) -> dict[RoundKey, RoundRecord]:
    """Rounds by their keys."""
    if not keys:
        return {}
    which = sa.tuple_(round_table.c.lab, round_table.c.number).in_(list(keys))
    rows = connection.execute(sa.select(round_table.c.lab, *ROUND_COLUMNS).where(which)).mappings()
    return {
        (row["lab"], row["number"]): RoundRecord(**{name: row[name] for name in row if name != "lab"}) for row in rows
    }


def read_choices(connection: sa.Connection, classroom: str) -> dict[str, str | None]:
    """The values that the students of a class have chosen, as JSON, by the key of their lab; None for none."""
    both = membership_table.join(lab_table, lab_table.c.id == membership_table.c.lab)
    chosen = sa.select(lab_table.c.id, lab_table.c.chosen).select_from(both)
    rows = connection.execute(chosen.where(membership_table.c.classroom == classroom))
    return {lab: value for lab, value in rows}


def read_openings(connection: sa.Connection, classroom: str, known: Collection[str]) -> dict[str, Opening]:
    """Final tests of a class that have their results, by the key of their lab, without those that are known."""
    tested = membership_table.join(opening_table, opening_table.c.lab == membership_table.c.lab)
    has_result = (membership_table.c.classroom == classroom) & opening_table.c.result.is_not(None)
    labs = set(connection.scalars(sa.select(opening_table.c.lab).select_from(tested).where(has_result))) - set(known)
    if not labs:
        return {}
    names = [one.name for one in fields(OpeningRecord)]
    both = opening_table.join(lab_table, lab_table.c.id == opening_table.c.lab)
    chosen = sa.select(opening_table.c.lab, lab_table.c.chosen, *(opening_table.c[name] for name in names))
    rows = connection.execute(chosen.select_from(both).where(opening_table.c.lab.in_(labs))).mappings()
    return {row["lab"]: Opening(row["chosen"], OpeningRecord(**{name: row[name] for name in names})) for row in rows}
