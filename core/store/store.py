"""The database of labs: what outlives the server. Classes are in class_store.py, the tables in schema.py.

SQLite by default, PostgreSQL by URL, also behind a pooler. A lab's key is a hash of its token, so the database holds
nothing that opens a lab. Every error of the database becomes a StoreError, a sentence for the page.
"""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as NoConnection

from core.errors import N_, LessonError
from core.store.homes import DATABASE_TIME, TRANSACTION_LIMITS, check_home, take_home
from core.store.pruning import claim_day, delete_passed, prune, time_of_use
from core.store.replica_tables import live_table
from core.store.rows import LAB_COLUMNS, load_lab, upsert
from core.store.schema import (
    LabRecord,
    OpeningRecord,
    lab_table,
    membership_table,
    opening_table,
    repeat_table,
    round_table,
)

LOCK_TIMEOUT = 15  # seconds to wait for another writer of SQLite, or for PostgreSQL to answer
WAL_FIXED_VERSION = (3, 51, 3)  # before it, SQLite may corrupt a database when it resets its write-ahead log
MIGRATION_LOCK = 60_211  # key of the PostgreSQL advisory lock that lets one server migrate at a time


class StoreError(LessonError):
    """The database cannot do what it is asked to just now."""


class ConstraintError(StoreError):
    """A row is there already that may be there only once, or a row that it refers to is not there."""


def lab_id(token: str) -> str:
    """The key of a lab in the database: a hash of its token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class Store:
    """A database of labs.

    url: as SQLAlchemy takes it, also postgres://
    home: the id of this server if it is one of several (see homes.py): it reads and writes the labs that are its own
    Raises StoreError for a URL that names no database.
    """

    def __init__(self, url: str, home: str | None = None) -> None:
        self.home = home
        try:
            self._engine = _engine(url)
        except (ArgumentError, ValueError, ImportError) as error:  # no URL, no port, no driver
            raise StoreError(N_("The lab's store cannot be reached or written just now.")) from error

    def prepare(self) -> None:
        """Bring the tables to the present schema; several servers may do so at once."""
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
        with _database_errors():
            if self._engine.dialect.name == "sqlite" and (file := self._engine.url.database):
                Path(file).parent.mkdir(parents=True, exist_ok=True)
            with self._engine.begin() as connection:
                if connection.dialect.name == "postgresql":
                    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))
                config.attributes["connection"] = connection
                command.upgrade(config, "head")

    def save(self, token: str, lab: LabRecord) -> bool:
        """Write a lab with the rounds and repeats of the record; whether the lab was there before.

        What is not in the record stays. Raises ConstraintError if the lab's class is not there, AtOtherServer if the
        lab is. Among several servers a seat is not written: see shared_classes.py.
        """
        key = {"lab": lab_id(token)}
        row = {name: getattr(lab, name) for name in LAB_COLUMNS}
        written: dict[str, object] = {}
        with self.transaction() as connection:
            if self.home is not None:
                check_home(connection, key["lab"], self.home)
                row["home"], written["written"] = self.home, DATABASE_TIME
            row["used"] = time_of_use(connection, lab.used)
            same = lab_table.c.id == key["lab"]
            known = connection.execute(sa.select(lab_table.c.id).where(same)).first() is not None
            upsert(connection, lab_table, {"id": key["lab"]}, row)
            for round_ in lab.rounds:
                upsert(connection, round_table, {**key, "number": round_.number}, asdict(round_) | written)
            for repeat in lab.repeats:
                upsert(
                    connection, repeat_table, {**key, "number": repeat.number, "trial": repeat.trial}, asdict(repeat)
                )
            if lab.member is not None and self.home is None:
                upsert(connection, membership_table, key, asdict(lab.member))
        return known

    def load(self, token: str) -> LabRecord | None:
        """The lab of a token, None if there is none. Among several servers, this one takes it.

        Raises AtOtherServer if another one has it.
        """
        with self.transaction() as connection:
            if self.home is not None:
                take_home(connection, lab_id(token), self.home)
            return load_lab(connection, lab_id(token))

    def load_shown(self, reading_key: str) -> LabRecord | None:
        """The lab of a reading link's key, to be looked at by any of several servers; None if there is none."""
        chosen = sa.select(lab_table.c.id).where(lab_table.c.reading_key == reading_key)
        with _database_errors(), self._engine.connect() as connection:
            connection.execution_options(only_reads=True)
            key = connection.scalar(chosen)
            return load_lab(connection, key) if key is not None else None

    def delete(self, token: str) -> None:
        """Delete a lab with all that belongs to it, its seat in a class included. Raises AtOtherServer."""
        key = lab_id(token)
        with self.transaction() as connection:
            if self.home is not None:
                check_home(connection, key, self.home)
            connection.execute(live_table.delete().where(live_table.c.lab == key))
            connection.execute(lab_table.delete().where(lab_table.c.id == key))  # rows that refer to it go with it

    def open_test(self, token: str, opening: OpeningRecord) -> bool:
        """Write the opening of a lab's test set; False if it has been opened before. The lab must have been saved."""
        try:
            with self.transaction() as connection:
                if self.home is not None:
                    check_home(connection, lab_id(token), self.home)
                connection.execute(opening_table.insert().values(lab=lab_id(token), **asdict(opening)))
        except ConstraintError:
            return False
        return True

    def save_opening(self, token: str, opening: OpeningRecord) -> None:
        """Write the results of an opening; what is not in the record stays."""
        found = {name: given for name in ("result", "temptation") if (given := getattr(opening, name)) is not None}
        if not found:
            return
        with self.transaction() as connection:
            if self.home is not None:
                check_home(connection, lab_id(token), self.home)
            connection.execute(opening_table.update().where(opening_table.c.lab == lab_id(token)).values(**found))

    def prune(self, now: float, days: float) -> int:
        """Delete the labs and classes that nobody has used for so many days (see pruning.py); how many labs.

        Among several servers the first that asks on a day does it for all.
        """
        with self.transaction() as connection:
            if self.home is not None:
                if not claim_day(connection, "prune"):
                    return 0
                delete_passed(connection)
            return prune(connection, now, days)

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """A connection in a transaction. Raises StoreError."""
        with _database_errors(), self._engine.begin() as connection:
            if self.home is not None:
                limits = [sa.func.set_config(name, limit, True) for name, limit in TRANSACTION_LIMITS.items()]
                connection.execute(sa.select(*limits))
            yield connection

    def check(self) -> None:
        """Read something, without waiting for writers. Raises StoreError."""
        with _database_errors(), self._engine.connect() as connection:
            connection.execution_options(only_reads=True).exec_driver_sql("SELECT version_num FROM alembic_version")

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


@contextmanager
def _database_errors() -> Iterator[None]:
    """Raise errors of the database as StoreErrors, and leave faults of this program as they are."""
    try:
        yield
    except IntegrityError as error:
        raise ConstraintError(N_("This has been written down already.")) from _without_row(error)
    except (DBAPIError, NoConnection, OSError, sqlite3.Error) as error:
        raise StoreError(N_("The lab's store cannot be reached or written just now.")) from _without_row(error)
    except Exception as error:
        if type(error).__module__.startswith("alembic"):  # tables of a later version, or of another program
            raise StoreError(N_("The lab's store was made by another version of this program.")) from error
        raise


class DatabaseMessage(Exception):
    """What a database says of an error, without the row that was to be written."""


def _without_row(error: Exception) -> Exception:
    """The error, or its message alone where the database adds the row: errors are logged, with what students wrote."""
    said = getattr(getattr(error, "orig", None), "diag", None)  # PostgreSQL's
    if said is None or said.message_detail is None:
        return error
    return DatabaseMessage(f"{type(error).__name__}: {said.message_primary}")


def _engine(url: str) -> sa.Engine:
    """The connections to a database."""
    address = sa.make_url(url)
    if address.drivername in ("postgres", "postgresql"):
        address = address.set(drivername="postgresql+psycopg")
    if address.get_backend_name() != "sqlite":
        # No prepared statements: a pooler in transaction mode hands the next transaction to another server, which
        # does not have them, or has others of the same name.
        given = {"connect_timeout": LOCK_TIMEOUT, "prepare_threshold": None}
        return sa.create_engine(address, pool_pre_ping=True, hide_parameters=True, connect_args=given)
    # hide_parameters: errors are logged, and students' notes are among the parameters
    engine = sa.create_engine(address, hide_parameters=True, connect_args={"timeout": LOCK_TIMEOUT})
    journal = "WAL" if sqlite3.sqlite_version_info >= WAL_FIXED_VERSION else "DELETE"

    @sa.event.listens_for(engine, "connect")
    def set_up(connection: Any, record: Any) -> None:
        connection.isolation_level = None  # transactions begin in `begin` below
        for pragma in ("foreign_keys = ON", "secure_delete = ON", f"journal_mode = {journal}"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        # IMMEDIATE, since of two that read before they write one could not go on
        connection.exec_driver_sql(
            "BEGIN" if connection.get_execution_options().get("only_reads") else "BEGIN IMMEDIATE"
        )

    return engine
