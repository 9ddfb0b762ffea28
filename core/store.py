"""The database: what outlives the server. The only file, with class_store.py and the migrations, that knows a table.

    lab         # one row a lab: settings of the next round, ranges to go back to, choice
    round       # one row a round, its curves as blobs
    repeat      # one row a trial that was trained again on other seeds
    opening     # of the test set: at most one row a lab, the database sees to it
    classroom   # one row a class: title, lesson, switches; see class_store.py
    membership  # one row a lab that sits in a class

A lab's key is a hash of its token, so whoever reads the database holds no key to a lab. SQLite by default, PostgreSQL
by URL. Every fault of the database comes out as StoreError, a sentence for the page.
"""

import hashlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from core.errors import N_, LessonError

KEPT_DAYS = 180.0
PATIENCE = 15  # seconds to wait for another writer
WAL_MENDED = (3, 51, 3)  # SQLite before it may corrupt a database when it resets its write-ahead log
MIGRATING = 60_211  # key of the PostgreSQL lock that lets one server migrate at a time

tables = sa.MetaData()
lab_table = sa.Table(
    "lab",
    tables,
    sa.Column("id", sa.String(64), primary_key=True),  # see lab_id
    sa.Column("pseudonym", sa.String(80), nullable=False),
    sa.Column("created", sa.Float, nullable=False),  # seconds since 1970
    sa.Column("used", sa.Float, nullable=False, index=True),
    sa.Column("plan", sa.Text, nullable=False),  # of the next round, JSON
    sa.Column("earlier", sa.Text, nullable=False),  # ranges to go back to, JSON
    sa.Column("chosen", sa.Text),  # JSON
    sa.Column("preset", sa.Text),  # the lesson, JSON; null: as it comes
)
round_table = sa.Table(
    "round",
    tables,
    sa.Column("lab", sa.String(64), sa.ForeignKey("lab.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("plan", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("epochs_done", sa.LargeBinary),  # int16 (trials,); the blobs are null until the round is over
    sa.Column("diverged", sa.LargeBinary),  # bool (trials,)
    sa.Column("train_accuracy", sa.LargeBinary),  # float32 (trials, epochs)
    sa.Column("validation_accuracy", sa.LargeBinary),  # float32 (trials, epochs)
    sa.Column("given_up", sa.LargeBinary),  # bool (trials,); null also in rounds from before it was there
)
repeat_table = sa.Table(
    "repeat",
    tables,
    sa.Column("lab", sa.String(64), sa.ForeignKey("lab.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("trial", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("accuracy", sa.LargeBinary, nullable=False),  # float32 (seeds,)
)
opening_table = sa.Table(
    "opening",
    tables,
    sa.Column("lab", sa.String(64), sa.ForeignKey("lab.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("opened", sa.Float, nullable=False),
    sa.Column("plan", sa.Text, nullable=False),  # what is tested, JSON
    sa.Column("result", sa.Text),  # JSON
    sa.Column("temptation", sa.Text),  # JSON
)
classroom_table = sa.Table(
    "classroom",
    tables,
    sa.Column("code", sa.String(8), primary_key=True),
    sa.Column("teacher", sa.String(64), nullable=False, unique=True),  # a hash of the secret
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("language", sa.String(8), nullable=False),
    sa.Column("preset", sa.Text, nullable=False),  # JSON
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("used", sa.Float, nullable=False, index=True),
    sa.Column("rounds_open", sa.Boolean, nullable=False),
    sa.Column("board_open", sa.Boolean, nullable=False),
    sa.Column("ranking", sa.String(16), nullable=False),
    sa.Column("frozen", sa.Text),  # the ranking as it was frozen, JSON
    sa.Column("finals", sa.String(16), nullable=False),
    sa.Column("ended", sa.Float),
)
membership_table = sa.Table(
    "membership",
    tables,
    sa.Column("lab", sa.String(64), sa.ForeignKey("lab.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("classroom", sa.String(8), sa.ForeignKey("classroom.code", ondelete="CASCADE"), nullable=False),
    sa.Column("seat", sa.Integer, nullable=False),
    sa.Column("nickname", sa.Text, nullable=False),
    sa.Column("hidden", sa.Boolean, nullable=False),
    sa.Column("last_round", sa.Integer),
    sa.UniqueConstraint("classroom", "seat", name="uq_membership_seat"),
)


OWN = ("pseudonym", "created", "used", "plan", "earlier", "chosen", "preset")  # what stands in a lab's own row

Record = TypeVar("Record")


class StoreError(LessonError):
    """The database cannot do what it is asked to just now."""


@dataclass(frozen=True)
class RoundRecord:
    """A round as it is written down; the blobs are None until it is over."""

    number: int
    status: str
    plan: str
    note: str
    seconds: float
    epochs_done: bytes | None = None
    diverged: bytes | None = None
    train_accuracy: bytes | None = None
    validation_accuracy: bytes | None = None
    given_up: bytes | None = None


@dataclass(frozen=True)
class RepeatRecord:
    """A trial of a round trained again on other seeds."""

    number: int
    trial: int
    accuracy: bytes


@dataclass(frozen=True)
class OpeningRecord:
    """The opening of the test set."""

    opened: float
    plan: str
    result: str | None = None
    temptation: str | None = None


@dataclass(frozen=True)
class MemberRecord:
    """The seat of a lab in a class."""

    classroom: str
    seat: int
    nickname: str = ""
    hidden: bool = False
    last_round: int | None = None


@dataclass(frozen=True)
class LabRecord:
    """A lab as it is written down; times are seconds since 1970."""

    pseudonym: str
    created: float
    used: float
    plan: str
    earlier: str
    chosen: str | None
    rounds: Sequence[RoundRecord] = field(default=())
    repeats: Sequence[RepeatRecord] = field(default=())
    opening: OpeningRecord | None = None
    member: MemberRecord | None = None
    preset: str | None = None


def default_url() -> str:
    """The database that DATABASE_URL names, else a SQLite file among the user's data."""
    if named := os.environ.get("DATABASE_URL"):
        return named
    import platformdirs

    return f"sqlite:///{platformdirs.user_data_path('narrowing-lab') / 'labs.sqlite'}"


def kept_days() -> float:
    """How long a lab is kept after its last use: LAB_DAYS, else 180 days."""
    given = os.environ.get("LAB_DAYS", "")
    return float(given) if given.isdigit() and int(given) else KEPT_DAYS


def lab_id(token: str) -> str:
    """What stands for a token in the database."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class Store:
    """A database of labs.

    url: as SQLAlchemy takes it; `postgres://` will do too
    """

    def __init__(self, url: str) -> None:
        with _faults_told():
            self._engine = _engine(url)

    def prepare(self) -> None:
        """Bring the tables to the present schema; several servers may do so at once."""
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
        with _faults_told():
            if self._engine.dialect.name == "sqlite" and (file := self._engine.url.database):
                Path(file).parent.mkdir(parents=True, exist_ok=True)
            with self._engine.begin() as connection:
                if connection.dialect.name == "postgresql":
                    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATING)))
                config.attributes["connection"] = connection
                command.upgrade(config, "head")

    def save(self, token: str, lab: LabRecord) -> bool:
        """Write a lab, and of its rounds and repeats those in the record; what is not in the record stays.

        Whether the lab was there before; if not, the store may be another one than the last time.
        """
        own = {"lab": lab_id(token)}
        row = {name: getattr(lab, name) for name in OWN}
        with self.transaction() as connection:
            same = lab_table.c.id == own["lab"]
            known = connection.execute(sa.select(lab_table.c.id).where(same)).first() is not None
            put(connection, lab_table, {"id": own["lab"]}, row)
            for round_ in lab.rounds:
                put(connection, round_table, {**own, "number": round_.number}, asdict(round_))
            for repeat in lab.repeats:
                put(connection, repeat_table, {**own, "number": repeat.number, "trial": repeat.trial}, asdict(repeat))
            if lab.member is not None:
                put(connection, membership_table, own, asdict(lab.member))
        return known

    def load(self, token: str) -> LabRecord | None:
        """The lab of a token, None if there is none."""
        with self.transaction() as connection:
            return lab_of(connection, lab_id(token))

    def open_test(self, token: str, opening: OpeningRecord) -> bool:
        """Enter a lab's opening of the test set; False if it has been opened before. The lab must have been saved."""
        try:
            with self.transaction() as connection:
                connection.execute(opening_table.insert().values(lab=lab_id(token), **asdict(opening)))
        except _Twice:
            return False
        return True

    def save_opening(self, token: str, opening: OpeningRecord) -> None:
        """Write down what came of an opening; what is not in the record stays."""
        found = {name: given for name in ("result", "temptation") if (given := getattr(opening, name)) is not None}
        if not found:
            return
        with self.transaction() as connection:
            connection.execute(opening_table.update().where(opening_table.c.lab == lab_id(token)).values(**found))

    def prune(self, before: float) -> int:
        """Forget the labs and classes that were last used before a time; how many labs there were."""
        with self.transaction() as connection:
            connection.execute(classroom_table.delete().where(classroom_table.c.used < before))
            return connection.execute(lab_table.delete().where(lab_table.c.used < before)).rowcount

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """A connection whose changes count together or not at all. Raises StoreError."""
        with _faults_told(), self._engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()


class _Twice(StoreError):
    """A row that may be there only once is there already."""


@contextmanager
def _faults_told() -> Iterator[None]:
    """Faults of the database as sentences."""
    try:
        yield
    except IntegrityError as error:
        raise _Twice(N_("This has been written down already.")) from error
    except (SQLAlchemyError, OSError, sqlite3.Error, ValueError, ImportError) as error:  # the last: no such driver
        raise StoreError(N_("The lab's store cannot be reached or written just now.")) from error
    except Exception as error:
        if type(error).__module__.startswith("alembic"):  # a database of a later version, or one that is no lab's
            raise StoreError(N_("The lab's store was made by another version of this program.")) from error
        raise


def _engine(url: str) -> sa.Engine:
    """The connections to a database."""
    address = sa.make_url(url)
    if address.drivername in ("postgres", "postgresql"):
        address = address.set(drivername="postgresql+psycopg")
    if address.get_backend_name() != "sqlite":
        return sa.create_engine(address, pool_pre_ping=True, connect_args={"connect_timeout": PATIENCE})
    engine = sa.create_engine(address, connect_args={"timeout": PATIENCE})
    journal = "WAL" if sqlite3.sqlite_version_info >= WAL_MENDED else "DELETE"

    @sa.event.listens_for(engine, "connect")
    def set_up(connection: Any, record: Any) -> None:
        connection.isolation_level = None  # transactions begin where we say so
        for pragma in ("foreign_keys = ON", f"journal_mode = {journal}"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # else two that read before they write would block each other

    return engine


def put(connection: sa.Connection, table: sa.Table, key: dict[str, Any], row: dict[str, Any]) -> None:
    """Write a row over the one with its key, or as a new one, in one statement: another server may write it too."""
    own = {name: given for name, given in row.items() if name not in key}
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table).values(**key, **own)
    new = {name: insert.excluded[name] for name in own}
    connection.execute(insert.on_conflict_do_update(index_elements=list(key), set_=new))


def lab_of(connection: sa.Connection, id_: str) -> LabRecord | None:
    """The lab that `lab_id` stands for, None if there is none."""
    found = connection.execute(sa.select(lab_table).where(lab_table.c.id == id_)).mappings().first()
    if found is None:
        return None
    opening = _rows(connection, opening_table, id_, OpeningRecord, opening_table.c.opened)
    member = _rows(connection, membership_table, id_, MemberRecord, membership_table.c.seat)
    return LabRecord(
        **{name: found[name] for name in OWN},
        rounds=_rows(connection, round_table, id_, RoundRecord, round_table.c.number),
        repeats=_rows(connection, repeat_table, id_, RepeatRecord, repeat_table.c.number),
        opening=opening[0] if opening else None,
        member=member[0] if member else None,
    )


def _rows(
    connection: sa.Connection, table: sa.Table, id_: str, kind: type[Record], order: sa.Column[Any]
) -> list[Record]:
    """A lab's rows of a table."""
    names = [one.name for one in fields(kind)]  # type: ignore[arg-type]
    chosen = sa.select(*(table.c[name] for name in names)).where(table.c.lab == id_).order_by(order)
    return [kind(**row) for row in connection.execute(chosen).mappings()]
