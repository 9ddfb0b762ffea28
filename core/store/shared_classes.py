"""Classes that several servers change. Statements for PostgreSQL.

change at a server --> row locked, class brought up to date --> changed columns and seats written, version + 1
other servers      --> once a second: versions of their classes --> classes that have another one are read again
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from core.classroom.classroom import Classroom
from core.classroom.member import Member
from core.errors import N_
from core.space import spaces_to_json
from core.store.class_store import COLUMNS, UPDATED_COLUMNS, read_class
from core.store.homes import DATABASE_TIME, living
from core.store.records import class_record
from core.store.restoring import class_from_record
from core.store.schema import ClassRecord, SeatRecord, classroom_table, lab_table, membership_table, round_table
from core.store.store import Store, StoreError

SWITCHES = (
    "rounds_open", "ranking", "frozen", "final_tests", "board_open", "joining_open", "ended", "used", "notice",
    "nicknames_hidden", "questions",
)  # fmt: skip
WATCHED_SECONDS = 8.0  # after the last time that a server computed a class's board, it counts as watched
APPLY_TIMEOUT = 0.5  # seconds to wait for a change that is under way here, before others' changes are taken in


class SharedClasses:
    """The classes of a database as one of several servers changes and follows them.

    store: the store, its tables in place; raises StoreError    home: the id of this server
    """

    def __init__(self, store: Callable[[], Store], home: str) -> None:
        self._store, self._home = store, home
        self._versions: WeakKeyDictionary[Classroom, int] = WeakKeyDictionary()  # of the rows, as they were last read
        # connections of changes under way, by the code of their class; each is entered and removed under its lock
        self._changing: dict[str, sa.Connection] = {}

    @contextmanager
    def exclusive(self, classroom: Classroom) -> Iterator[None]:
        """Change a class while no other server does. Raises StoreError, and then nothing has changed."""
        with classroom.lock:
            if classroom.code in self._changing:
                yield
                return
            state = _state(classroom)
            try:
                with self._store().transaction() as connection:
                    self._changing[classroom.code] = connection
                    before = self._read(connection, classroom, for_update=True)
                    version = classroom.version
                    yield
                    if classroom.version != version:
                        self._versions[classroom] = self._write(connection, before, classroom)
            except BaseException:
                _restore(classroom, state)
                self._versions.pop(classroom, None)
                raise
            finally:
                self._changing.pop(classroom.code, None)

    def follow(self, classes: Iterable[Classroom]) -> list[Classroom]:
        """Take in what other servers have changed; those classes whose boards anybody watches. Raises StoreError."""
        known = {classroom.code: classroom for classroom in classes}
        is_watched = sa.func.coalesce(classroom_table.c.watched > DATABASE_TIME - WATCHED_SECONDS, sa.false())
        chosen = sa.select(classroom_table.c.code, classroom_table.c.version, is_watched)
        with self._store().transaction() as connection:
            rows = connection.execute(chosen.where(classroom_table.c.code.in_(known))).all()
        for code, version, _ in rows:
            if self._versions.get(known[code]) != version:
                self.refresh(known[code])
        return [known[code] for code, _, watched in rows if watched]

    def refresh(self, classroom: Classroom) -> None:
        """Take in what other servers have changed in a class, unless it is being changed here. Raises StoreError."""
        if not classroom.lock.acquire(timeout=APPLY_TIMEOUT):
            return
        try:
            if classroom.code not in self._changing:
                with self._store().transaction() as connection:
                    self._read(connection, classroom)
        finally:
            classroom.lock.release()

    def watch(self, classes: Iterable[Classroom]) -> None:
        """Say that the boards of classes are looked at here. Raises StoreError."""
        codes = [classroom.code for classroom in classes]
        is_old = classroom_table.c.watched.is_(None) | (
            classroom_table.c.watched < DATABASE_TIME - WATCHED_SECONDS / 3
        )  # one of several servers is enough
        with self._store().transaction() as connection:
            same = classroom_table.c.code.in_(codes) & is_old
            free = sa.select(classroom_table.c.code).where(same).with_for_update(skip_locked=True)
            connection.execute(
                classroom_table.update().where(classroom_table.c.code.in_(free)).values(watched=DATABASE_TIME)
            )

    def touch(self, classroom: Classroom) -> None:
        """Write down that a class is used now. Raises StoreError."""
        with self._store().transaction() as connection:
            same = classroom_table.c.code == classroom.code
            connection.execute(classroom_table.update().where(same).values(used=classroom.used))

    def last_rounds(self, classroom: Classroom) -> dict[int, int]:
        """In a change: by seat, the number of the last round that any server has written down. Raises StoreError."""
        both = membership_table.join(round_table, round_table.c.lab == membership_table.c.lab)
        last = sa.select(membership_table.c.seat, sa.func.max(round_table.c.number)).select_from(both)
        last = last.where(membership_table.c.classroom == classroom.code).group_by(membership_table.c.seat)
        return {seat: number for seat, number in self._changing[classroom.code].execute(last)}

    def held_seats(self, classroom: Classroom) -> set[int]:
        """In a change: seats of a class whose labs are at another server that lives. Raises StoreError."""
        both = membership_table.join(lab_table, lab_table.c.id == membership_table.c.lab)
        connection = self._changing[classroom.code]  # a second one might have to wait for this one in a pooler
        elsewhere = lab_table.c.home.in_(living(connection) - {self._home})
        held = sa.select(membership_table.c.seat).select_from(both)
        return set(connection.scalars(held.where(membership_table.c.classroom == classroom.code, elsewhere)))

    def _read(self, connection: sa.Connection, classroom: Classroom, for_update: bool = False) -> ClassRecord:
        """Bring a class up to date; its record."""
        same = classroom_table.c.code == classroom.code
        chosen = sa.select(classroom_table.c.version, classroom_table.c.last_seat).where(same)
        row = connection.execute(chosen.with_for_update() if for_update else chosen).first()
        if row is None:
            raise StoreError(N_("This class is not in the lab's store any more."))
        if self._versions.get(classroom) != row.version and (record := read_class(connection, same)) is not None:
            _restore(classroom, _state(class_from_record(record)))
            classroom.version += 1
            self._versions[classroom] = row.version
        classroom.last_seat = max(classroom.last_seat, row.last_seat)
        return class_record(classroom)

    def _write(self, connection: sa.Connection, before: ClassRecord, classroom: Classroom) -> int:
        """Write what has changed in a class; its new version."""
        after = class_record(classroom)
        changed: dict[str, Any] = {
            name: getattr(after, name) for name in COLUMNS if getattr(after, name) != getattr(before, name)
        }
        new = classroom_table.update().where(classroom_table.c.code == after.code)
        new = new.values(**changed, version=classroom_table.c.version + 1, last_seat=classroom.last_seat)
        version = connection.execute(new.returning(classroom_table.c.version)).scalar_one()
        was, now = ({seat.lab: seat for seat in record.seats} for record in (before, after))
        if gone := was.keys() - now.keys():
            same_class = membership_table.c.classroom == after.code
            connection.execute(membership_table.delete().where(membership_table.c.lab.in_(gone), same_class))
        for lab in now.keys() - was.keys():
            self._write_new_seat(connection, classroom, now[lab])
        for lab in now.keys() & was.keys():
            if now[lab] != was[lab]:
                columns = {name: getattr(now[lab].member, name) for name in UPDATED_COLUMNS}
                connection.execute(membership_table.update().where(membership_table.c.lab == lab).values(**columns))
        return int(version)

    def _write_new_seat(self, connection: sa.Connection, classroom: Classroom, seat: SeatRecord) -> None:
        """A seat, and for it to refer to a lab that is not yet written down by its home."""
        lab = postgresql.insert(lab_table).values(
            id=seat.lab, pseudonym=seat.pseudonym, created=classroom.used, used=classroom.used, home=self._home,
            plan=classroom.lesson.plan.to_json(), earlier=spaces_to_json([]), preset=classroom.lesson.to_json(),
        )  # fmt: skip
        connection.execute(lab.on_conflict_do_nothing(index_elements=["id"]))
        connection.execute(membership_table.insert().values(lab=seat.lab, **asdict(seat.member)))


State = tuple[dict[str, object], dict[int, Member], dict[int, Member], dict[int, Any], int]


def _state(classroom: Classroom) -> State:
    """What a change may change in a class: switches, copies of the members and former ones, labs, the last seat."""
    switches = {name: getattr(classroom, name) for name in SWITCHES}
    members = {seat: replace(member) for seat, member in classroom.members.items()}
    former = {seat: replace(member) for seat, member in classroom.former.items()}
    return switches, members, former, classroom.labs, classroom.last_seat


def _restore(classroom: Classroom, state: State) -> None:
    """Give a class a state. Members whom it keeps stay the same objects; labs whose seats are gone leave the class."""
    switches, found, former, labs, last_seat = state
    for name, position in switches.items():
        setattr(classroom, name, position)
    members: dict[int, Member] = {}
    for seat, member in found.items():
        known = classroom.members.get(seat)
        members[seat] = known if known is not None and known.lab == member.lab else member
        vars(members[seat]).update(vars(member))
    for seat, lab in classroom.labs.items():
        if seat not in members:
            lab.classroom = lab.class_seat = None
    classroom.labs = {seat: lab for seat, lab in {**labs, **classroom.labs}.items() if seat in members}
    for seat, lab in classroom.labs.items():
        if lab.token:  # of this server, and its seat was taken away by a change that could not be written
            lab.classroom, lab.class_seat = classroom, (classroom.code, seat)
    classroom.members, classroom.former = members, former
    classroom.last_seat = max(classroom.last_seat, last_seat)
