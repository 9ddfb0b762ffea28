"""All classes of a server: those in use in memory, all others in the store; and a board of each, which viewers share.

A student joins by a code, a teacher comes back by a secret. A board is computed from the labs in memory by the first
viewer who asks once it is too old; the others get the same one.
"""

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from weakref import WeakKeyDictionary, WeakValueDictionary

from core.classroom import display_names, join_codes, seats
from core.classroom.classroom import Classroom, RankingVisibility, hash_secret
from core.classroom.leaderboard import Board
from core.classroom.member import Member
from core.classroom.ranking import EqualBudgetRanking
from core.errors import N_, LessonError
from core.lab.lab import ROUNDS, Lab
from core.languages import LANGUAGES
from core.lesson import Lesson
from core.plan import SEED_COUNT
from core.server.class_answers import ClassesAnswers
from core.server.class_boards import BoardCache, current_board
from core.server.remote_labs import remote_copy
from core.store.answer_store import AnswerStore
from core.store.restoring import classroom_from_record
from core.store.shared_classes import SharedClasses
from core.store.store import lab_id
from core.store.writer import StoreWriter

MAX_CLASSES = 30  # classes in memory that nobody has open, the latest
SECRET_BYTES = 18  # 144 random bits
BOARD_SECONDS = 2.0  # between two updates of a page's board
MAX_BOARD_AGE = 0.85 * BOARD_SECONDS  # seconds; lower, so that an update that comes a little early finds a new board
USE_RECORDED_EVERY = 3_600.0  # seconds


class Classes:
    """The classes of a server.

    saver: None for classes that live in memory alone    present: whether any browser has the lab of a token open
    """

    def __init__(
        self,
        saver: StoreWriter | None = None,
        clock: Callable[[], float] = time.monotonic,
        present: Callable[[str], bool] = lambda token: False,
    ) -> None:
        self._saver, self._clock, self.present = saver, clock, present
        self.shared: SharedClasses | None = None  # for one of several servers
        self.answers = ClassesAnswers(None if saver is None else AnswerStore(saver.prepared_store))
        # all classes that anything still refers to, so that none is loaded from the store a second time meanwhile
        self._classes: WeakValueDictionary[str, Classroom] = WeakValueDictionary()
        self._recent: OrderedDict[str, Classroom] = OrderedDict()
        self._boards: WeakKeyDictionary[Classroom, BoardCache] = WeakKeyDictionary()
        self._watched: WeakKeyDictionary[Classroom, float] = WeakKeyDictionary()  # when a board was last asked for
        self._lock = threading.Lock()
        self._loading = threading.Lock()

    def create(self, title: str, language: str, lesson: Lesson) -> tuple[Classroom, str]:
        """A new class and its teacher's secret, which is not stored. Raises LessonError."""
        if language not in LANGUAGES:
            raise LessonError(N_("A class is held in one of these languages: {choices}."), choices=", ".join(LANGUAGES))
        secret = secrets.token_urlsafe(SECRET_BYTES)
        while True:
            classroom = Classroom(
                join_codes.draw(), hash_secret(secret), display_names.clean_title(title), language, lesson
            )
            if self._claim_code(classroom):
                return self._register(classroom), secret

    def find(self, given: str) -> Classroom | None:
        """The class of a code as somebody typed it, None if there is none. Raises StoreError."""
        code = join_codes.parse(given)
        if code is None:
            return None
        if (classroom := self._known(code)) is not None:
            return classroom
        with self._loading:
            if (classroom := self._known(code)) is not None or self._saver is None:
                return classroom
            found = self._saver.load_class(code)
            return self._register(classroom_from_record(*found)) if found is not None else None

    def taught(self, secret: str) -> Classroom | None:
        """The class of a teacher's secret, None if there is none. Raises StoreError."""
        key = hash_secret(secret)
        with self._lock:
            known = next((one for one in self._classes.values() if one.secret_hash == key), None)
        if known is None:
            code = self._saver.code_taught(key) if self._saver is not None else None
            known = self.find(code) if code is not None else None
        if known is not None:
            self._mark_watched(known)
        return known

    def join(self, classroom: Classroom, token: str) -> Lab:
        """A new lab with a seat in a class, in a full one that of somebody who has gone without a round.

        Raises LessonError when there is none.
        """
        with classroom.exclusive(classroom):
            if classroom.is_full and classroom.joining_open and classroom.ended is None:
                self._free_unused_seat(classroom)
            member = classroom.take_seat(lab_id(token))
        lab = Lab(
            token,
            replace(classroom.lesson.plan, seed=_first_seed(classroom, member)),
            lesson=classroom.lesson,
            pseudonym=member.pseudonym,
            class_seat=(classroom.code, member.seat),
            classroom=classroom,
        )
        with classroom.lock:
            classroom.labs = {**classroom.labs, member.seat: lab}
        return lab

    def _free_unused_seat(self, classroom: Classroom) -> None:
        """Take the oldest seat away that nobody sits in and nothing was done from, if there is one."""
        labs: dict[int, Lab] = classroom.labs
        held = self.shared.held_seats(classroom) if self.shared is not None else set()
        for seat in sorted(classroom.members.keys() - held):
            lab = labs.get(seat)
            if lab is None or (is_unused(lab) and not self.present(lab.token)):
                seats.free_seat(classroom, seat)
                return

    def seat(self, lab: Lab) -> None:
        """Let a lab that comes from the store take its seat. Raises StoreError."""
        if lab.class_seat is None or lab.classroom is not None:
            return
        code, seat = lab.class_seat
        classroom = self.find(code)
        if self.shared is not None and classroom is not None and seat not in classroom.members:
            self.shared.refresh(classroom)
        if classroom is None or seat not in classroom.members:  # a class that has been forgotten
            lab.class_seat = None
            return
        with classroom.lock:
            classroom.labs = {**classroom.labs, seat: lab}
        lab.classroom = classroom

    def unseat(self, lab: Lab) -> None:
        """Leave a copy at the seat of a lab that another server has taken."""
        classroom, seat = lab.classroom, lab.class_seat
        if classroom is not None and seat is not None:
            with classroom.lock:
                if classroom.labs.get(seat[1]) is lab:
                    classroom.labs = {**classroom.labs, seat[1]: remote_copy(lab)}

    def in_memory(self) -> list[Classroom]:
        """The classes that anything refers to."""
        with self._lock:
            return list(self._classes.values())

    def _mark_watched(self, classroom: Classroom) -> None:
        with self._lock:
            self._watched[classroom] = self._clock()

    def watched(self, seconds: float) -> list[Classroom]:
        """The classes whose board or desk somebody has asked this server for in the last seconds."""
        with self._lock:
            return [one for one, at in self._watched.items() if self._clock() - at <= seconds]

    def board(self, classroom: Classroom) -> Board:
        """The class's board; the same object as long as nothing has changed. Does not use the store.

        At most MAX_BOARD_AGE old, or the previous one while another thread computes the next.
        """
        with self._lock:
            cache = self._boards.setdefault(classroom, BoardCache())
        self._mark_watched(classroom)
        if not cache.lock.acquire(blocking=cache.board is None):
            assert cache.board is not None
            return cache.board
        try:
            if cache.board is None or self._clock() - cache.computed >= MAX_BOARD_AGE:
                cache.board = current_board(classroom, cache)
                cache.computed = self._clock()
            return cache.board
        finally:
            cache.lock.release()

    def visible_ranking(self, classroom: Classroom) -> EqualBudgetRanking | None:
        """The ranking as the class may see it, None while it is hidden."""
        if classroom.ranking is RankingVisibility.HIDDEN:
            return None
        return classroom.frozen or self.board(classroom).ranking

    def end(self, classroom: Classroom, secret: str) -> None:
        """End a class; rounds under way count to their ends."""
        with classroom.exclusive(classroom):
            labs: dict[int, Lab] = classroom.labs
            last = self.shared.last_rounds(classroom) if self.shared is not None else {}
            for seat, lab in labs.items():
                if lab.latest:
                    last[seat] = max(lab.latest.number, last.get(seat, 0))
            classroom.end(secret, last)

    def _known(self, code: str) -> Classroom | None:
        with self._lock:
            if (classroom := self._classes.get(code)) is not None:
                self._mark_recent(classroom)
            return classroom

    def _mark_recent(self, classroom: Classroom) -> None:
        self._recent[classroom.code] = classroom
        self._recent.move_to_end(classroom.code)
        while len(self._recent) > MAX_CLASSES:
            self._recent.popitem(last=False)

    def _claim_code(self, classroom: Classroom) -> bool:
        """Whether the code of a class is free; if so, it is taken from now on."""
        if self._saver is None:
            return self._known(classroom.code) is None
        return self._saver.create_class(classroom)

    def _register(self, classroom: Classroom) -> Classroom:
        if self.shared is not None:
            classroom.exclusive = self.shared.exclusive
            if time.time() - classroom.used > USE_RECORDED_EVERY:
                classroom.used = time.time()
                self.shared.touch(classroom)
        elif self._saver is not None:
            classroom.changed = self._saver.mark_class_dirty
            if time.time() - classroom.used > USE_RECORDED_EVERY:
                classroom.used = time.time()
                self._saver.mark_class_dirty(classroom)
        with self._lock:
            self._classes[classroom.code] = classroom
            self._mark_recent(classroom)
        return classroom


def is_unused(lab: Lab) -> bool:
    """Whether nothing was trained in a lab."""
    return not lab.rounds and lab.final is None


def _first_seed(classroom: Classroom, member: Member) -> int:
    """The seed of a student's first round; each round takes the next one, and no two students draw the same trials."""
    return (classroom.lesson.plan.seed + (member.seat - 1) * ROUNDS) % SEED_COUNT
