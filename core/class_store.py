"""Classes in the database: found by their code or by their teacher's secret, of which a hash is kept.

A membership is written with its lab (store.py), since it may not be there before; what changes in it later, a nickname,
a nickname hidden, the end of the class, is written with the class.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from core.store import LabRecord, MemberRecord, Store, classroom_table, lab_of, lab_table, membership_table


@dataclass(frozen=True)
class SeatRecord:
    """A seat of a class."""

    lab: str  # what stands for the lab's token
    pseudonym: str
    member: MemberRecord


@dataclass(frozen=True)
class ClassRecord:
    """A class as it is written down; times are seconds since 1970."""

    code: str
    teacher: str  # the hash of the secret
    title: str
    language: str
    preset: str
    created: float
    used: float
    rounds_open: bool
    board_open: bool
    ranking: str
    frozen: str | None
    finals: str
    ended: float | None
    seats: Sequence[SeatRecord] = field(default=())


CHANGING = ("nickname", "hidden", "last_round")  # what changes in a seat
COLUMNS = [one.name for one in fields(ClassRecord) if one.name != "seats"]


class ClassStore:
    """The classes in a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, record: ClassRecord) -> bool:
        """Write a class that is not there yet; False, and nothing is written, if there is one of that code."""
        with self._store.transaction() as connection:
            dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
            new = dialect.insert(classroom_table).values(**_row(record)).on_conflict_do_nothing(index_elements=["code"])
            return connection.execute(new, execution_options={"preserve_rowcount": True}).rowcount > 0

    def save(self, record: ClassRecord) -> None:
        """Write a class and what has changed in its seats; a lab that is not written down yet brings its seat along."""
        with self._store.transaction() as connection:
            connection.execute(
                classroom_table.update().where(classroom_table.c.code == record.code).values(**_row(record))
            )
            if record.seats:
                changed: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in CHANGING}
                same = membership_table.c.lab == sa.bindparam("of")
                connection.execute(
                    membership_table.update().where(same).values(**changed),
                    [
                        {"of": seat.lab, **{f"new_{name}": getattr(seat.member, name) for name in CHANGING}}
                        for seat in record.seats
                    ],
                )

    def load(self, code: str) -> ClassRecord | None:
        """The class of a code, None if there is none."""
        return self._load(classroom_table.c.code == code)

    def load_taught(self, teacher: str) -> ClassRecord | None:
        """The class of a teacher, by the hash of the secret."""
        return self._load(classroom_table.c.teacher == teacher)

    def labs(self, code: str) -> dict[int, LabRecord]:
        """All labs of a class, by seat."""
        of = membership_table.c.classroom == code
        chosen = sa.select(membership_table.c.seat, membership_table.c.lab).where(of).order_by(membership_table.c.seat)
        with self._store.transaction() as connection:
            found = {seat: lab_of(connection, lab) for seat, lab in connection.execute(chosen).all()}
        return {seat: lab for seat, lab in found.items() if lab is not None}

    def _load(self, which: sa.ColumnElement[bool]) -> ClassRecord | None:
        with self._store.transaction() as connection:
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


def _row(record: ClassRecord) -> dict[str, object]:
    """A class's row."""
    return {name: getattr(record, name) for name in COLUMNS}
