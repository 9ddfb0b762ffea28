"""All labs of a server by their tokens: those in use in memory, all others in the store."""

import logging
import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from core.classroom.seats import forget_lab
from core.engine.owners import ABSENCE_LIMIT, Owner
from core.lab.extra_training import stop_training
from core.lab.lab import Lab, ignore_change
from core.lab.lab_view import LabView
from core.lab.reading_link import READING_TOKEN, key_of, reading_key
from core.lesson import DEFAULT_LESSON, Lesson
from core.server.classes import Classes
from core.server.rate_limits import network
from core.store.homes import AtOtherServer
from core.store.restoring import lab_from_record
from core.store.store import StoreError, lab_id
from core.store.writer import StoreWriter

log = logging.getLogger(__name__)

MAX_LABS = 500  # labs in memory; beyond that, those not in use leave, the least recently used first
TOKEN_BYTES = 18  # 144 random bits
TOKEN = re.compile(r"[A-Za-z0-9_-]{24}", re.ASCII)
MAX_SESSIONS = 20  # browser tabs that are remembered for each lab
USE_RECORDED_EVERY = 3_600.0  # seconds
# Seconds that a round goes on, with what others leave, while no browser that has the lab open is there: a telephone
# that is locked, or a closed page. A lab that was left for another one has the engine's ABSENCE_LIMIT.
SLEEP_LIMIT = 1_200.0


class Labs:
    """The labs of a server, and which browser sessions have each open.

    session_lives: whether a browser session is still open    saver: None for labs in memory alone
    classes: in which labs have their seats
    """

    def __init__(
        self, session_lives: Callable[[str], bool], saver: StoreWriter | None = None, classes: Classes | None = None
    ) -> None:
        self._labs: OrderedDict[str, Lab] = OrderedDict()
        self._sessions: dict[str, OrderedDict[str, None]] = {}  # by token: each session has one lab open, its latest
        self._tokens: dict[str, str] = {}  # by session
        self._groups: dict[str, str] = {}  # by token: whose share of the machine a lab without a class has
        self._session_lives = session_lives
        self._lock = threading.Lock()
        self._moved: set[str] = set()  # tokens of labs that another server has taken, until they come back
        self.renew_lease: Callable[[], None] = lambda: None  # called before a lab is opened, see replica.py
        self.is_leaving = False  # once this server gives its labs away
        self.saver = saver
        if saver is not None:
            saver.lost = self.drop
        self.classes = classes or Classes(saver)
        self.classes.present = self.is_open

    def open(
        self,
        token: str | None,
        session: str,
        lesson: Lesson = DEFAULT_LESSON,
        check_limit: Callable[[], None] = lambda: None,
        address: str | None = None,
    ) -> tuple[Lab, bool]:
        """The lab of a token for a browser session, and whether it is known; without one it is a new lab.

        The session has left the lab that it had open before.

        lesson: the lesson of a new lab; one that is known has its own
        check_limit: called before a new lab is made, which is not made if it raises
        address: that the session comes from; None: not known
        Raises StoreError if the lab has to be loaded and the store does not answer, AtOtherServer if another server has
        it or this one is about to end, and what `check_limit` raises.
        """
        self.renew_lease()
        if self.is_leaving:
            raise AtOtherServer
        lab = self._known(token) if token is not None else None
        known = lab is not None
        if not known:
            check_limit()
        with self._lock:
            if lab is None:
                lab = Lab(secrets.token_urlsafe(TOKEN_BYTES), lesson.plan, lesson=lesson)
            lab = self._labs.setdefault(lab.token, lab)  # another tab may have been faster
            self._labs.move_to_end(lab.token)
            self._moved.discard(lab.token)
            self._enter(session, lab.token)
            known_network = network(address)
            self._groups[lab.token] = f"address {known_network}" if known_network else f"session {session}"
        self.classes.seat(lab)  # first: the class may forbid what a lab is asked next
        if self.saver is not None:
            lab.changed = self.saver.mark_dirty
            if not known or time.time() - lab.used > USE_RECORDED_EVERY:
                lab.used = time.time()
                self.saver.mark_dirty(lab)
        self._evict()
        return lab, known

    def adopt(self, make: Callable[[str], Lab]) -> Lab:
        """Add a lab that `make` creates for a new token. Raises what `make` raises, AtOtherServer as `open` does."""
        if self.is_leaving:
            raise AtOtherServer
        lab = make(secrets.token_urlsafe(TOKEN_BYTES))
        with self._lock:
            self._labs[lab.token] = lab
        if self.saver is not None:
            lab.changed = self.saver.mark_dirty
            self.saver.mark_dirty(lab)
            for round_ in lab.rounds:
                self.saver.mark_dirty(lab, round_.number)
        return lab

    def find(self, token: str, session: str, address: str | None = None) -> Lab | None:
        """The lab of a token for a browser session, None if there is none. Raises StoreError."""
        return self.open(token, session, address=address)[0] if self._known(token) is not None else None

    def drop(self, lab: Lab) -> None:
        """Forget a lab that another server has taken, with what was not written; its tabs are led there."""
        with self._lock:
            if self._labs.get(lab.token) is not lab:
                return
            self._moved.add(lab.token)
        self._forget(lab)

    def delete(self, lab: Lab) -> None:
        """Delete a lab for good, with all that it holds, and its seat in a class. Raises StoreError.

        If it raises, the lab is still there.
        """
        if self.saver is not None:
            self.saver.delete_lab(lab)
        self._forget(lab)
        for classroom in self.classes.in_memory():
            try:
                forget_lab(classroom, lab_id(lab.token))
            except StoreError:  # its seat is gone from the database already, and others see that with the next change
                log.exception("a deleted lab's seat is still in the memory of its class")

    def look(self, reading_token: str) -> LabView | None:
        """What the lab of a reading link shows now, None if there is none. Raises StoreError.

        No lab is opened by it, and none can be changed by what is returned.
        """
        if not READING_TOKEN.fullmatch(reading_token):
            return None
        key = reading_key(reading_token)
        lab = next((one for one in self.all_in_memory() if key_of(one) == key), None)
        if lab is None and self.saver is not None and (record := self.saver.load_shown(key)) is not None:
            lab = lab_from_record("", record)
        return None if lab is None else LabView.of(lab)

    def _forget(self, lab: Lab) -> None:
        """Have a lab no longer in memory; nothing of it is written or trained from now on."""
        with self._lock:
            if self._labs.get(lab.token) is lab:
                del self._labs[lab.token]
            self._forget_sessions(lab.token)
        lab.changed = ignore_change
        self.classes.unseat(lab)
        stop_training(lab)

    def has_moved(self, token: str | None) -> bool:
        """Whether another server has taken the lab of a token from this one."""
        return token in self._moved

    def all_in_memory(self) -> list[Lab]:
        """The labs in memory."""
        with self._lock:
            return list(self._labs.values())

    def in_memory(self, token: str) -> Lab | None:
        """The lab of a token if it is in memory; does not use the store."""
        with self._lock:
            return self._labs.get(token)

    def _known(self, token: str) -> Lab | None:
        """The lab of a token, from memory or from the store."""
        if (lab := self.in_memory(token)) is not None:
            return lab
        if self.saver is None or not TOKEN.fullmatch(token):
            return None
        record = self.saver.load(token)
        return lab_from_record(token, record) if record is not None else None

    def _evict(self) -> None:
        """Drop the least recently used labs beyond MAX_LABS that nobody has open and that are saved."""
        with self._lock:
            for token, lab in list(self._labs.items()):
                if len(self._labs) <= MAX_LABS:
                    return
                in_use = lab.busy or lab.has_extra_training or self._is_open(token)
                if not in_use and (self.saver is None or self.saver.saved(token)):
                    del self._labs[token]
                    self._forget_sessions(token)

    def owner(self, token: str) -> Owner:
        """The lab of a token as the engine asks about it."""
        with self._lock:
            lab, sessions = self._labs.get(token), self._sessions.get(token)
            is_present, group = self._is_open(token), self._groups.get(token, token)
        if lab is not None and lab.class_seat is not None:
            code, seat = lab.class_seat
            group = f"seat {seat} of {code}"
        in_class = lab is not None and lab.class_seat is not None
        return Owner(group, in_class, is_present, SLEEP_LIMIT if sessions else ABSENCE_LIMIT)

    def is_open(self, token: str) -> bool:
        """Whether any session that lives has the lab of a token open."""
        with self._lock:
            return self._is_open(token)

    def _enter(self, session: str, token: str) -> None:
        """Let a session have a lab open, and no other one."""
        before = self._tokens.get(session)
        if before is not None and before != token:
            self._sessions[before].pop(session, None)
        self._tokens[session] = token
        seen = self._sessions.setdefault(token, OrderedDict())
        seen[session] = None
        seen.move_to_end(session)
        while len(seen) > MAX_SESSIONS:
            oldest, _ = seen.popitem(last=False)
            del self._tokens[oldest]

    def _forget_sessions(self, token: str) -> None:
        self._groups.pop(token, None)
        for session in self._sessions.pop(token, ()):
            self._tokens.pop(session, None)

    def _is_open(self, token: str) -> bool:
        return any(self._session_lives(session) for session in self._sessions.get(token, ()))
