"""Classes in the database, found by their code or by the hash of their teacher's secret.

A membership refers to a lab and is written with it (store.py); what changes in it later, a nickname, a nickname hidden,
the end of the class, a seat taken away, is written with the class.
"""

from collections.abc import Collection
from dataclasses import fields, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from core.store.pruning import time_of_use
from core.store.rows import load_lab
from core.store.schema import (
    ClassRecord,
    LabRecord,
    MemberRecord,
    SeatRecord,
    classroom_table,
    lab_table,
    membership_table,
)
from core.store.store import Store

# of a membership, after it has been written
UPDATED_COLUMNS = ("nickname", "hidden", "last_round", "removed", "merged_into")
COLUMNS = [one.name for one in fields(ClassRecord) if one.name not in ("seats", "removed")]


class ClassStore:
    """The classes in a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, record: ClassRecord) -> bool:
        """Write a new class; False, and nothing is written, if there is one of that code."""
        with self._store.transaction() as connection:
            dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
            row = _row(connection, record)
            new = dialect.insert(classroom_table).values(**row).on_conflict_do_nothing(index_elements=["code"])
            return connection.execute(new, execution_options={"preserve_rowcount": True}).rowcount > 0

    def save(self, record: ClassRecord) -> None:
        """Write a class and what has changed in its seats; the seat of a lab not yet saved is written with the lab."""
        with self._store.transaction() as connection:
            row = _row(connection, record)
            connection.execute(classroom_table.update().where(classroom_table.c.code == record.code).values(**row))
            if record.removed:
                gone = membership_table.c.lab.in_(record.removed) & (membership_table.c.classroom == record.code)
                connection.execute(membership_table.delete().where(gone))
            if record.seats:
                changed: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in UPDATED_COLUMNS}
                same = membership_table.c.lab == sa.bindparam("of")
                connection.execute(
                    membership_table.update().where(same).values(**changed),
                    [
                        {"of": seat.lab, **{f"new_{name}": getattr(seat.member, name) for name in UPDATED_COLUMNS}}
                        for seat in record.seats
                    ],
                )

    def load(self, code: str) -> ClassRecord | None:
        """The class of a code, None if there is none."""
        return self._load_where(classroom_table.c.code == code)

    def load_taught(self, teacher: str) -> ClassRecord | None:
        """The class of a teacher, by the hash of the secret."""
        return self._load_where(classroom_table.c.teacher == teacher)

    def labs(self, code: str, seats: Collection[int] | None = None) -> dict[int, LabRecord]:
        """The labs of some seats of a class, by seat; None for all seats that have not been taken away."""
        chosen_seats = ~membership_table.c.removed if seats is None else membership_table.c.seat.in_(seats)
        of = (membership_table.c.classroom == code) & chosen_seats
        chosen = sa.select(membership_table.c.seat, membership_table.c.lab).where(of).order_by(membership_table.c.seat)
        with self._store.transaction() as connection:
            found = {seat: load_lab(connection, lab) for seat, lab in connection.execute(chosen).all()}
        return {seat: lab for seat, lab in found.items() if lab is not None}

    def _load_where(self, which: sa.ColumnElement[bool]) -> ClassRecord | None:
        with self._store.transaction() as connection:
            return read_class(connection, which)


def read_class(connection: sa.Connection, which: sa.ColumnElement[bool]) -> ClassRecord | None:
    """The class that a condition chooses, None if there is none."""
    found = connection.execute(sa.select(classroom_table).where(which)).mappings().first()
    if found is None:
        return None
    record = ClassRecord(**{name: found[name] for name in COLUMNS})
    names = [membership_table.c[one.name] for one in fields(MemberRecord)]
    seats = (
        sa.select(membership_table.c.lab, lab_table.c.pseudonym, *names)
        .join(lab_table, lab_table.c.id == membership_table.c.lab)
        .where(membership_table.c.classroom == record.code)
        .order_by(membership_table.c.seat)
    )
    rows = connection.execute(seats).all()
    return replace(record, seats=[SeatRecord(row[0], row[1], MemberRecord(*row[2:])) for row in rows])


def _row(connection: sa.Connection, record: ClassRecord) -> dict[str, object]:
    """A class's row."""
    return {name: getattr(record, name) for name in COLUMNS} | {"used": time_of_use(connection, record.used)}
