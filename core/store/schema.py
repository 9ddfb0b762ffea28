"""The tables of the database, and their rows as dataclasses.

    lab         # one row a lab: settings of the next round, ranges to go back to, choice
    round       # one row a round, its curves as blobs
    repeat      # one row a trial that was trained again on other seeds
    opening     # of the test set: at most one row a lab, which the primary key guarantees
    classroom   # one row a class: title, lesson, switches
    membership  # one row a lab that has a seat in a class, or had one that can be given back
    answer      # one row a student who has answered the questions before or after a lesson

Those of several servers are in replica_tables.py; migrations/ creates and changes all of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

BLOBS = ("epochs_done", "diverged", "train_accuracy", "validation_accuracy", "given_up")  # of a round

tables = sa.MetaData()
lab_table = sa.Table(
    "lab",
    tables,
    sa.Column("id", sa.String(64), primary_key=True),  # see store.lab_id
    sa.Column("pseudonym", sa.String(80), nullable=False),
    sa.Column("created", sa.Float, nullable=False),  # seconds since 1970
    sa.Column("used", sa.Float, nullable=False, index=True),
    sa.Column("plan", sa.Text, nullable=False),  # of the next round, JSON
    sa.Column("earlier", sa.Text, nullable=False),  # ranges to go back to, JSON
    sa.Column("chosen", sa.Text),  # JSON
    sa.Column("preset", sa.Text),  # the lesson, JSON, under its former name; null: the default
    sa.Column("old_since", sa.Float),  # see pruning.py
    sa.Column("home", sa.String(100), index=True),  # id of the server that has it
    sa.Column("reading_salt", sa.String(40)),  # of its reading link, see core/lab/reading_link.py; null without one
    sa.Column("reading_key", sa.String(64), index=True, unique=True),  # hash of what that link ends with
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
    sa.Column("written", sa.Float),  # when, on the database's clock; null with a single server
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
    sa.Column("preset", sa.Text, nullable=False),  # the lesson, JSON
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("used", sa.Float, nullable=False, index=True),
    sa.Column("rounds_open", sa.Boolean, nullable=False),
    sa.Column("board_open", sa.Boolean, nullable=False),
    sa.Column("ranking", sa.String(16), nullable=False),
    sa.Column("frozen", sa.Text),  # the ranking as it was frozen, JSON
    sa.Column("finals", sa.String(16), nullable=False),
    sa.Column("ended", sa.Float),
    sa.Column("old_since", sa.Float),  # see pruning.py
    sa.Column("joining_open", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("version", sa.Integer, nullable=False, server_default="0"),  # rises with every change by several servers
    sa.Column("last_seat", sa.Integer, nullable=False, server_default="0"),  # the highest that was ever taken by them
    sa.Column("watched", sa.Float),  # when a server last computed its board, on the database's clock
    sa.Column("notice", sa.Text),  # message and timer, JSON; null: none
    sa.Column("nicknames_hidden", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("questions", sa.String(16), nullable=False, server_default="off"),  # which are open
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
    sa.Column("removed", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("merged_into", sa.Integer),  # seat under which the work of this one counts
    sa.UniqueConstraint("classroom", "seat", name="uq_membership_seat"),
)
answer_table = sa.Table(
    "answer",
    tables,
    sa.Column("classroom", sa.String(8), sa.ForeignKey("classroom.code", ondelete="CASCADE"), primary_key=True),
    sa.Column("respondent", sa.String(32), primary_key=True),  # see class_questions.respondent: it leads to no lab
    sa.Column("phase", sa.String(16), primary_key=True),
    sa.Column("answers", sa.String(40), nullable=False),  # numbers of the options with commas between them
)


@dataclass(frozen=True)
class RoundRecord:
    """A row of the table `round`: a type of its own since columns stay as they are while the program changes.

    The blobs are None until the round is over.
    """

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
    """A row of repeat."""

    number: int
    trial: int
    accuracy: bytes


@dataclass(frozen=True)
class OpeningRecord:
    """A row of opening."""

    opened: float
    plan: str
    result: str | None = None
    temptation: str | None = None


@dataclass(frozen=True)
class MemberRecord:
    """A row of membership."""

    classroom: str
    seat: int
    nickname: str = ""
    hidden: bool = False
    last_round: int | None = None
    removed: bool = False
    merged_into: int | None = None


@dataclass(frozen=True)
class LabRecord:
    """A row of lab with the rows that refer to it; times are seconds since 1970."""

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
    reading_salt: str | None = None
    reading_key: str | None = None


@dataclass(frozen=True)
class SeatRecord:
    """A row of membership with what else a class knows of its lab."""

    lab: str  # see store.lab_id
    pseudonym: str
    member: MemberRecord


@dataclass(frozen=True)
class ClassRecord:
    """A row of classroom with its seats; times are seconds since 1970."""

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
    joining_open: bool = True
    notice: str | None = None
    nicknames_hidden: bool = False
    questions: str = "off"
    seats: Sequence[SeatRecord] = field(default=())
    removed: Sequence[str] = field(default=())  # keys of the labs whose seats are to be deleted, see store.lab_id
