"""A class: its code, its lesson, the seats of its students, and the switches of its teacher.

Every action of the teacher takes the secret of the teacher's link, of which a hash is stored. A class holds the labs of
its students, so that they stay in memory as long as the class; it does not use them.
"""

import hashlib
import hmac
import threading
import time
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from core.classroom import display_names as names
from core.classroom.class_questions import QuestionsOpen
from core.classroom.member import Member
from core.classroom.notice import EMPTY, Notice
from core.classroom.ranking import EqualBudgetRanking
from core.errors import N_, LessonError
from core.lesson import Lesson

MAX_SEATS = 300  # students who have lost their link take a second seat
BOARD_KEY_LENGTH = 16  # hexadecimal digits
JOIN_KEY_LENGTH = 32  # 128 bits, which nobody guesses
JOINING_CLOSED = N_("Nobody can join this class now; ask your teacher.")
ROUNDS_CLOSED = N_("Your teacher has closed the rounds; wait until they are opened again.")
TESTS_LOCKED = N_("Your teacher keeps the final tests locked for now.")


class RankingVisibility(StrEnum):
    """What the class sees of the ranking."""

    HIDDEN = "hidden"
    SHOWN = "shown"
    FROZEN = "frozen"  # as it stood when it was frozen


class FinalTestAccess(StrEnum):
    """What the class may do with the test set."""

    OPEN = "open"  # every student may open it
    LOCKED = "locked"  # nobody may open it
    REVEALED = "revealed"  # every student may, and the board shows the results


def _ignore(classroom: "Classroom") -> None:
    """A `changed` that does nothing."""


def _lock(classroom: "Classroom") -> AbstractContextManager[object]:
    return classroom.lock


@dataclass(eq=False)
class Classroom:
    """A class; `changed` is called with it after every change.

    `exclusive` gives what every change is made in: the class's lock, or for several servers a transaction.
    """

    code: str
    secret_hash: str  # of the teacher's secret
    title: str
    language: str
    lesson: Lesson = Lesson()
    rounds_open: bool = True
    ranking: RankingVisibility = RankingVisibility.HIDDEN
    frozen: EqualBudgetRanking | None = None
    final_tests: FinalTestAccess = FinalTestAccess.OPEN
    board_open: bool = False  # students may see the board on their own screens
    joining_open: bool = True
    ended: float | None = None  # seconds since 1970
    created: float = field(default_factory=time.time)
    used: float = field(default_factory=time.time)
    notice: Notice = EMPTY  # on all pages of the class
    questions: QuestionsOpen = QuestionsOpen.OFF  # about the lesson, before or after it
    nicknames_hidden: bool = False  # all of them
    members: dict[int, Member] = field(default_factory=dict)  # by seat
    former: dict[int, Member] = field(default_factory=dict)  # by seat, those that may be given back; see seats.py
    labs: dict[int, Any] = field(default_factory=dict)  # by seat; Lab, which this module must not import
    last_seat: int = 0  # the highest that was ever taken here: no seat is given twice
    removed: frozenset[str] = frozenset()  # hashes of the labs whose seats were taken away since the class was read
    version: int = 0  # rises with every change
    changed: Callable[["Classroom"], None] = _ignore
    exclusive: Callable[["Classroom"], AbstractContextManager[object]] = _lock
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def board_key(self) -> str:
        """The key in a projector's address, which opens the board and nothing else."""
        return hash_secret(f"board {self.secret_hash}")[:BOARD_KEY_LENGTH]

    @property
    def join_key(self) -> str:
        """The key in the students' link, which lets them in however many codes others have tried."""
        return hash_secret(f"join {self.secret_hash}")[:JOIN_KEY_LENGTH]

    def admits(self, key: str) -> bool:
        """Whether it is the key of the students' link."""
        return hmac.compare_digest(key.encode(errors="replace"), self.join_key.encode())

    def shows_board(self, key: str) -> bool:
        """Whether the board may be seen with this key of a projector's address."""
        return self.board_open or hmac.compare_digest(key.encode(errors="replace"), self.board_key.encode())

    # ------------------------------------------------------------------------------------------------ students

    def take_seat(self, lab: str) -> Member:
        """A new seat under a pseudonym that nobody else in the class has. Raises LessonError if there is no seat."""
        with self.exclusive(self):
            if self.ended is not None:
                raise LessonError(N_("This class has ended; nobody can join it any more."))
            if not self.joining_open:
                raise LessonError(JOINING_CLOSED)
            if self.is_full:
                raise LessonError(N_("This class is full: it has {seats} seats."), seats=MAX_SEATS)
            taken = {member.pseudonym for member in (*self.members.values(), *self.former.values())}
            self.last_seat = max(self.last_seat, *self.members, *self.former, 0) + 1
            member = Member(self.last_seat, lab, names.draw_unused_pseudonym(taken))
            self.members = {**self.members, member.seat: member}
            self.record_change()
        return member

    @property
    def is_full(self) -> bool:
        """Whether all seats are taken."""
        return len(self.members) >= MAX_SEATS

    def set_nickname(
        self, seat: int, given: str, spellings: Callable[[str], Collection[str]] = lambda name: [name]
    ) -> None:
        """Give a student a nickname, "" for none; it stays hidden if the teacher has hidden the one before.

        spellings: gives a pseudonym in all languages
        Raises LessonError if it is too long or the name of somebody else.
        """
        nickname = names.clean_nickname(given)
        with self.exclusive(self):
            everybody = (*self.members.values(), *self.former.values())
            others = [member for member in everybody if member.seat != seat]
            known = [name for one in others for name in (one.nickname, *spellings(one.pseudonym))]
            if nickname and any(names.same_name(nickname, name) for name in known):
                raise LessonError(N_("Somebody in this class has that name already."))
            if seat in self.members:
                self.members[seat].nickname = nickname
                self.record_change()

    def check_start(self) -> None:
        """Raise LessonError while no round may be started."""
        if self.ended is None and not self.rounds_open:
            raise LessonError(ROUNDS_CLOSED)

    def check_test(self) -> None:
        """Raise LessonError while the test set may not be opened."""
        if self.ended is None and self.final_tests is FinalTestAccess.LOCKED:
            raise LessonError(TESTS_LOCKED)

    # ------------------------------------------------------------------------------------------------ the teacher

    def check(self, secret: str) -> None:
        """Raise LessonError unless it is the teacher's secret."""
        if not hmac.compare_digest(hash_secret(secret), self.secret_hash):
            raise LessonError(N_("Only the teacher of this class can do that."))

    def open_rounds(self, secret: str, opened: bool) -> None:
        """Let rounds be started, or not; rounds under way go on to their end."""
        self._change(secret, rounds_open=opened)

    def set_ranking(self, secret: str, visibility: RankingVisibility, current: EqualBudgetRanking) -> None:
        """Show, hide or freeze the ranking. current: the one that is kept when it is frozen now"""
        frozen = (self.frozen or current) if visibility is RankingVisibility.FROZEN else None
        self._change(secret, ranking=visibility, frozen=frozen)

    def set_final_tests(self, secret: str, access: FinalTestAccess) -> None:
        """Lock the final tests, open or reveal them."""
        self._change(secret, final_tests=access)

    def open_joining(self, secret: str, opened: bool) -> None:
        """Let students join, or not."""
        self._change(secret, joining_open=opened)

    def open_board(self, secret: str, opened: bool) -> None:
        """Show the board on the students' own screens too, or not."""
        self._change(secret, board_open=opened)

    def hide_nicknames(self, secret: str, hidden: bool) -> None:
        """Hide all nicknames, also those to come, or show those again that are not hidden one by one."""
        self._change(secret, nicknames_hidden=hidden)

    def set_notice(self, secret: str, **parts: str | float | None) -> None:
        """Change message or timer_end of what all pages show. Raises LessonError for a message that is too long."""
        with self.exclusive(self):
            self._change(secret, notice=replace(self.notice, **parts))  # type: ignore[arg-type]

    def open_questions(self, secret: str, opened: QuestionsOpen) -> None:
        """Ask the questions about the lesson, before or after it, or do not."""
        self._change(secret, questions=opened)

    def hide(self, secret: str, seat: int, hidden: bool, shown: str | None = None) -> None:
        """Hide a nickname behind the pseudonym, or show it again.

        shown: the nickname as the teacher saw it; None leaves it unchecked
        Raises LessonError instead of showing another one.
        """
        self.check(secret)
        with self.exclusive(self):
            member = self.members.get(seat)
            if member is None:  # the seat has been taken away
                return
            if not hidden and shown is not None and shown != member.nickname:
                raise LessonError(N_("This student has another nickname by now. It stays hidden: look at it first."))
            member.hidden = hidden
            self.record_change()

    def end(self, secret: str, last_rounds: dict[int, int]) -> None:
        """End the class, once and for all: its board no longer changes, its switches no longer limit the labs.

        last_rounds: by seat, the number of the last round that counts
        """
        self.check(secret)
        with self.exclusive(self):
            if self.ended is not None:
                return
            for seat, member in self.members.items():
                member.last_round = last_rounds.get(seat, 0)
            self._change(secret, ended=time.time())

    def _change(self, secret: str, **switches: object) -> None:
        self.check(secret)
        with self.exclusive(self):
            for name, position in switches.items():
                setattr(self, name, position)
            self.record_change()

    def record_change(self) -> None:
        """After a change, within `exclusive`: count it, and call `changed`."""
        self.version += 1
        self.used = time.time()
        self.changed(self)


def hash_secret(secret: str) -> str:
    """The hash of a teacher's secret that is stored."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
