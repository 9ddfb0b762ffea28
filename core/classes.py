"""All classes of a server: those in use in memory, all others in the store; and their boards, each computed for all.

    student --code--> join: a new lab in a seat         teacher --secret--> taught: the class
    every viewer, every 2 s --> board: computed by whoever comes first, read by the others

A board reads the labs that are in memory, and of the others what the store gave back when the class was first looked
at: a lab that nobody has opened since does not change.
"""

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from weakref import WeakKeyDictionary, WeakValueDictionary

from core import codes, names
from core.archive import restored_class
from core.board import Board, Final, Seen, Track, board, seen, track
from core.classroom import LANGUAGES, Classroom, Member, Ranking, Standing, hash_of
from core.errors import N_, LessonError
from core.final_test import Outcome
from core.lab import ROUNDS, Lab
from core.lab_round import Kept, LabRound
from core.plan import LIMITS
from core.preset import Preset
from core.progress import RoundProgress
from core.saving import Saver
from core.store import lab_id

KEPT = 30  # classes in memory that nobody has open, the latest
SECRET_BYTES = 18  # 144 random bits
PERIOD = 2.0  # seconds between two looks at a board
FRESH = 0.85 * PERIOD  # seconds that a board is good for: the next look, which may come a little early, finds another
USED = 3_600.0  # seconds after which another use is worth writing down


@dataclass
class _Kept:
    """A class's board and what it was computed from."""

    board: Board | None = None
    at: float = 0.0
    joined: int = 0
    tracks: dict[int, tuple[tuple[RoundProgress, ...], Track]] = field(default_factory=dict)  # by seat
    finals: dict[int, tuple[Outcome, Final]] = field(default_factory=dict)  # by seat
    lock: threading.Lock = field(default_factory=threading.Lock)


class Classes:
    """The classes of a server.

    saver: None for classes that live in memory alone
    """

    def __init__(self, saver: Saver | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._saver, self._clock = saver, clock
        # whoever has a class's lab open holds the class; it must not come back from the store as a second one meanwhile
        self._classes: WeakValueDictionary[str, Classroom] = WeakValueDictionary()
        self._recent: OrderedDict[str, Classroom] = OrderedDict()
        self._boards: WeakKeyDictionary[Classroom, _Kept] = WeakKeyDictionary()
        self._lock = threading.Lock()
        self._loading = threading.Lock()

    def create(self, title: str, language: str, preset: Preset) -> tuple[Classroom, str]:
        """A new class and its teacher's secret, which is kept nowhere. Raises LessonError."""
        if language not in LANGUAGES:
            raise LessonError(N_("A class is held in one of these languages: {choices}."), choices=", ".join(LANGUAGES))
        secret = secrets.token_urlsafe(SECRET_BYTES)
        while True:
            classroom = Classroom(codes.draw(), hash_of(secret), names.title(title), language, preset)
            if self._is_new(classroom):
                return self._take_in(classroom), secret

    def find(self, given: str) -> Classroom | None:
        """The class of a code as somebody typed it, None if there is none. Raises StoreError."""
        code = codes.read(given)
        if code is None:
            return None
        if (classroom := self._known(code)) is not None:
            return classroom
        with self._loading:
            if (classroom := self._known(code)) is not None or self._saver is None:
                return classroom
            found = self._saver.load_class(code)
            return self._take_in(restored_class(*found)) if found is not None else None

    def taught(self, secret: str) -> Classroom | None:
        """The class of a teacher's secret, None if there is none. Raises StoreError."""
        key = hash_of(secret)
        with self._lock:
            known = next((one for one in self._classes.values() if one.key == key), None)
        if known is not None:
            return known
        code = self._saver.code_taught(key) if self._saver is not None else None
        return self.find(code) if code is not None else None

    def join(self, classroom: Classroom, token: str) -> Lab:
        """A new lab with a seat in a class. Raises LessonError when there is none."""
        member = classroom.take_seat(lab_id(token))
        lab = Lab(
            token,
            replace(classroom.preset.plan, seed=_seed(classroom, member)),
            preset=classroom.preset,
            pseudonym=member.pseudonym,
            sits=(classroom.code, member.seat),
            classroom=classroom,
        )
        with classroom.lock:
            classroom.labs = {**classroom.labs, member.seat: lab}
        return lab

    def seat(self, lab: Lab) -> None:
        """Let a lab that comes from the store take its seat. Raises StoreError."""
        if lab.sits is None or lab.classroom is not None:
            return
        code, seat = lab.sits
        classroom = self.find(code)
        if classroom is None or seat not in classroom.members:  # a class that has been forgotten
            lab.sits = None
            return
        with classroom.lock:
            classroom.labs = {**classroom.labs, seat: lab}
        lab.classroom = classroom

    def board(self, classroom: Classroom) -> Board:
        """The class's board; the same one as long as nothing has changed. Asks no store.

        At most FRESH old, or as it was while somebody else is computing the next one: nobody waits for that.
        """
        with self._lock:
            kept = self._boards.setdefault(classroom, _Kept())
        if not kept.lock.acquire(blocking=kept.board is None):
            assert kept.board is not None
            return kept.board
        try:
            if kept.board is None or self._clock() - kept.at >= FRESH:
                kept.board = _renewed(classroom, kept)
                kept.at = self._clock()
            return kept.board
        finally:
            kept.lock.release()

    def standing(self, classroom: Classroom) -> Standing | None:
        """The ranking as the class may see it, None while it is hidden."""
        if classroom.ranking is Ranking.HIDDEN:
            return None
        return classroom.frozen or self.board(classroom).standing

    def end(self, classroom: Classroom, secret: str) -> None:
        """End a class; rounds that have been started count to their ends."""
        labs: dict[int, Lab] = classroom.labs
        classroom.end(secret, {seat: lab.latest.number for seat, lab in labs.items() if lab.latest})

    def _known(self, code: str) -> Classroom | None:
        with self._lock:
            if (classroom := self._classes.get(code)) is not None:
                self._keep(classroom)
            return classroom

    def _keep(self, classroom: Classroom) -> None:
        self._recent[classroom.code] = classroom
        self._recent.move_to_end(classroom.code)
        while len(self._recent) > KEPT:
            self._recent.popitem(last=False)

    def _is_new(self, classroom: Classroom) -> bool:
        """Whether a class's code is free; it is taken then."""
        if self._saver is None:
            return self._known(classroom.code) is None
        return self._saver.create_class(classroom)

    def _take_in(self, classroom: Classroom) -> Classroom:
        if self._saver is not None:
            classroom.changed = self._saver.mark_class
            if time.time() - classroom.used > USED:
                classroom.used = time.time()
                self._saver.mark_class(classroom)
        with self._lock:
            self._classes[classroom.code] = classroom
            self._keep(classroom)
        return classroom


def _seed(classroom: Classroom, member: Member) -> int:
    """Where a student's seeds begin: each round takes the next one, and no two students draw the same trials."""
    return (classroom.preset.plan.seed + (member.seat - 1) * ROUNDS) % (LIMITS["seed"][1] + 1)


def _renewed(classroom: Classroom, kept: _Kept) -> Board:
    """The board as it is now: the one before if nothing has changed."""
    labs: dict[int, Lab] = classroom.labs
    like, members = classroom.preset.plan, classroom.members
    same = kept.joined == len(members)
    for seat in sorted(labs):
        last = members[seat].last_round if classroom.ended is not None else None
        rounds = tuple(one.progress for one in labs[seat].rounds if _counts(one, last))
        before, known = kept.tracks.get(seat, ((), None))
        if known is None or before != rounds:
            kept_rounds: dict[RoundProgress, Seen] = {one.progress: one for one in known.rounds} if known else {}
            new = track([kept_rounds.get(one) or seen(one) for one in rounds], like)
            kept.tracks[seat] = rounds, new
            same = same and not rounds
        same = _final(seat, labs[seat], classroom.ended, kept) and same
    kept.joined = len(members)
    if same and kept.board is not None:
        return kept.board
    tracks = {seat: kept.tracks[seat][1] for seat in sorted(kept.tracks)}
    return board(tracks, [kept.finals[seat][1] for seat in sorted(kept.finals)], len(members), like)


def _counts(round_: LabRound, last: int | None) -> bool:
    """Whether a round shows on the board: not after the last one, nor one that waits for its student to come back."""
    left_behind = isinstance(round_.handle, Kept) and not round_.progress.status.over
    return not left_behind and (last is None or round_.number <= last)


def _final(seat: int, lab: Lab, ended: float | None, kept: _Kept) -> bool:
    """Take in what came of a lab's final test; whether that was known before."""
    final = lab.final
    if final is None or final.outcome is None or (ended is not None and final.opened > ended):
        return True
    outcome, _ = kept.finals.get(seat, (None, None))
    if outcome is final.outcome:
        return True
    again, test = float(final.outcome.validation.mean()), float(final.accuracy().mean())
    kept.finals[seat] = final.outcome, Final(seat, lab.led_there(), again, test)
    return False
