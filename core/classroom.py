"""A class: its code, its lesson, who sits where under which name, and the switches that its teacher has.

What the teacher may do takes the secret of the teacher's link every time; what is kept of the secret is a hash. The
labs in the seats stand here too, so that they last as long as somebody uses the class; nothing here looks into them.
"""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from core import names, pseudonyms
from core.errors import N_, LessonError
from core.preset import Preset

SEATS = 300  # a class; students who have lost their link take a second one
LANGUAGES = ("en", "ko")
BOARD_KEY = 16  # hexadecimal digits
ROUNDS_CLOSED = N_("Your teacher has closed the rounds; wait until they are opened again.")
TESTS_LOCKED = N_("Your teacher keeps the final tests locked for now.")


class Ranking(StrEnum):
    """What the class sees of the ranking."""

    HIDDEN = "hidden"
    SHOWN = "shown"
    FROZEN = "frozen"  # as it stood when it was frozen


class Finals(StrEnum):
    """What the class may do with the test set."""

    OPEN = "open"  # everybody may open it in the own lab
    LOCKED = "locked"  # nobody may
    REVEALED = "revealed"  # everybody may, and the board shows what came of it


@dataclass
class Member:
    """A student's seat."""

    seat: int  # from 1, in the order of joining
    lab: str  # what stands for the lab in the store; opens nothing
    pseudonym: str
    nickname: str = ""
    hidden: bool = False  # nicknames of this seat, by the teacher
    last_round: int | None = None  # when the class had ended: the number of the last round that counts

    @property
    def shown_nickname(self) -> str:
        """The nickname as others see it, "" for none."""
        return "" if self.hidden else self.nickname


@dataclass(frozen=True)
class Rank:
    """A student's line in the ranking."""

    seat: int
    place: int  # from 1; ties have the same one
    tied: bool  # with a line above or below
    accuracy: float
    spent: int  # epochs, at most the budget that all are compared at


@dataclass(frozen=True)
class Standing:
    """A ranking at a budget."""

    budget: int  # epochs
    ranks: tuple[Rank, ...]
    error: float = 0.0  # one standard error of the best accuracy: what differs by no more is a tie

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Standing":
        """What `to_json` wrote."""
        record = json.loads(text)
        return cls(record["budget"], tuple(Rank(**one) for one in record["ranks"]), record["error"])


def _nobody(classroom: "Classroom") -> None:
    """Takes no note of changes."""


@dataclass(eq=False)
class Classroom:
    """A class. Whatever changes in it is told to `changed`."""

    code: str
    key: str  # hash_of the teacher's secret
    title: str
    language: str
    preset: Preset = Preset()
    rounds_open: bool = True
    ranking: Ranking = Ranking.HIDDEN
    frozen: Standing | None = None
    finals: Finals = Finals.OPEN
    board_open: bool = False  # also on the students' own screens
    ended: float | None = None  # seconds since 1970
    created: float = field(default_factory=time.time)
    used: float = field(default_factory=time.time)
    members: dict[int, Member] = field(default_factory=dict)  # by seat
    labs: dict[int, Any] = field(default_factory=dict)  # by seat; lab.py knows this file, not the other way round
    version: int = 0  # rises with every change
    changed: Callable[["Classroom"], None] = _nobody
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def board_key(self) -> str:
        """What a projector's address has behind it; it opens the board and nothing else, as the wall does."""
        return hash_of(f"board {self.key}")[:BOARD_KEY]

    def shows_board(self, key: str) -> bool:
        """Whether the board is to be seen by who has a projector's address with that key."""
        return self.board_open or hmac.compare_digest(key.encode(errors="replace"), self.board_key.encode())

    # ------------------------------------------------------------------------------------------------ students

    def take_seat(self, lab: str) -> Member:
        """A new seat under a name that nobody else in the class has. Raises LessonError when there is none."""
        with self.lock:
            if self.ended is not None:
                raise LessonError(N_("This class has ended; nobody can join it any more."))
            if len(self.members) >= SEATS:
                raise LessonError(N_("This class is full: it has {seats} seats."), seats=SEATS)
            taken = {member.pseudonym for member in self.members.values()}
            member = Member(max(self.members, default=0) + 1, lab, pseudonyms.draw_besides(taken))
            self.members = {**self.members, member.seat: member}
            self._tell()
        return member

    def call(self, seat: int, given: str, spellings: Callable[[str], Collection[str]] = lambda name: [name]) -> None:
        """Give a student a nickname, "" for none; one that the teacher has hidden, and those after it, stay hidden.

        spellings: of a pseudonym, in all languages
        Raises LessonError when it is too long or somebody else's name.
        """
        nickname = names.nickname(given)
        with self.lock:
            others = [member for member in self.members.values() if member.seat != seat]
            known = [name for one in others for name in (one.nickname, *spellings(one.pseudonym))]
            if nickname and any(names.alike(nickname, name) for name in known):
                raise LessonError(N_("Somebody in this class has that name already."))
            self.members[seat].nickname = nickname
            self._tell()

    def check_start(self) -> None:
        """Raise LessonError while no round may be started."""
        if self.ended is None and not self.rounds_open:
            raise LessonError(ROUNDS_CLOSED)

    def check_test(self) -> None:
        """Raise LessonError while the test set may not be opened."""
        if self.ended is None and self.finals is Finals.LOCKED:
            raise LessonError(TESTS_LOCKED)

    # ------------------------------------------------------------------------------------------------ the teacher

    def check(self, secret: str) -> None:
        """Raise LessonError unless it is the teacher's secret."""
        if not hmac.compare_digest(hash_of(secret), self.key):
            raise LessonError(N_("Only the teacher of this class can do that."))

    def open_rounds(self, secret: str, opened: bool) -> None:
        """Let rounds be started, or not; those that run go on to their end."""
        self._set(secret, rounds_open=opened)

    def rank(self, secret: str, ranking: Ranking, standing: Standing) -> None:
        """Show, hide or freeze the ranking. standing: how it is now, kept when it is frozen"""
        kept = (self.frozen or standing) if ranking is Ranking.FROZEN else None
        self._set(secret, ranking=ranking, frozen=kept)

    def test(self, secret: str, finals: Finals) -> None:
        """Lock the final tests, open or reveal them."""
        self._set(secret, finals=finals)

    def open_board(self, secret: str, opened: bool) -> None:
        """Show the board on the students' own screens too, or not."""
        self._set(secret, board_open=opened)

    def hide(self, secret: str, seat: int, hidden: bool) -> None:
        """Hide a nickname behind the pseudonym, or show it again."""
        self.check(secret)
        with self.lock:
            self.members[seat].hidden = hidden
            self._tell()

    def end(self, secret: str, last_rounds: dict[int, int]) -> None:
        """End the class, for good: the board stands still, the labs are the students' own.

        last_rounds: seat: number of the last round that counts
        """
        self.check(secret)
        with self.lock:
            if self.ended is not None:
                return
            for seat, member in self.members.items():
                member.last_round = last_rounds.get(seat, 0)
            self._set(secret, ended=time.time())

    def _set(self, secret: str, **switches: object) -> None:
        self.check(secret)
        with self.lock:
            for name, position in switches.items():
                setattr(self, name, position)
            self._tell()

    def _tell(self) -> None:
        self.version += 1
        self.used = time.time()
        self.changed(self)


def hash_of(secret: str) -> str:
    """What is kept of a teacher's secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
