"""All labs of a server: those in use in memory, all others in the store, each under the token that is its key."""

import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from core.archive import restored
from core.classes import Classes
from core.lab import Lab
from core.preset import AS_IT_COMES, Preset
from core.saving import Saver

KEPT = 500  # labs in memory; of those that nobody uses the one not used for longest goes first
TOKEN_BYTES = 18  # 144 random bits
TOKEN = re.compile(r"[A-Za-z0-9_-]{24}", re.ASCII)
SESSIONS = 20  # browser tabs remembered a lab
USED = 3_600.0  # seconds after which another use is worth writing down


class Labs:
    """The labs of a server, and which browser sessions have each open.

    session_lives: whether a browser session is there    saver: None for labs that live in memory alone
    classes: where labs sit that belong to a class
    """

    def __init__(
        self, session_lives: Callable[[str], bool], saver: Saver | None = None, classes: Classes | None = None
    ) -> None:
        self._labs: OrderedDict[str, Lab] = OrderedDict()
        self._sessions: dict[str, OrderedDict[str, None]] = {}
        self._session_lives = session_lives
        self._lock = threading.Lock()
        self.saver = saver
        self.classes = classes or Classes(saver)

    def open(
        self,
        token: str | None,
        session: str,
        preset: Preset = AS_IT_COMES,
        may_begin: Callable[[], None] = lambda: None,
    ) -> tuple[Lab, bool]:
        """The lab of a token for a browser session, and whether it is known; without one it is a new lab.

        preset: the lesson of a new lab; one that is known has its own
        may_begin: called before a new lab is made; there is none if it raises
        Raises StoreError when the store would have to be asked and does not answer, and what `may_begin` raises.
        """
        lab = self._known(token) if token is not None else None
        known = lab is not None
        if not known:
            may_begin()
        with self._lock:
            if lab is None:
                lab = Lab(secrets.token_urlsafe(TOKEN_BYTES), preset.plan, preset=preset)
            lab = self._labs.setdefault(lab.token, lab)  # another tab may have been faster
            self._labs.move_to_end(lab.token)
            seen = self._sessions.setdefault(lab.token, OrderedDict())
            seen[session] = None
            seen.move_to_end(session)
            while len(seen) > SESSIONS:
                seen.popitem(last=False)
        self.classes.seat(lab)  # before anybody can do anything in it
        if self.saver is not None:
            lab.changed = self.saver.mark
            if not known or time.time() - lab.used > USED:
                lab.used = time.time()
                self.saver.mark(lab)
        self._make_room()
        return lab, known

    def adopt(self, make: Callable[[str], Lab]) -> Lab:
        """Take in a lab that is made under a new token. Raises what `make` raises."""
        lab = make(secrets.token_urlsafe(TOKEN_BYTES))
        with self._lock:
            self._labs[lab.token] = lab
        if self.saver is not None:
            lab.changed = self.saver.mark
            self.saver.mark(lab)
            for round_ in lab.rounds:
                self.saver.mark(lab, round_.number)
        return lab

    def find(self, token: str, session: str) -> Lab | None:
        """The lab of a token for a browser session, None if there is none. Raises StoreError."""
        return self.open(token, session)[0] if self._known(token) is not None else None

    def in_memory(self, token: str) -> Lab | None:
        """The lab of a token if it is at hand; the store is not asked."""
        with self._lock:
            return self._labs.get(token)

    def _known(self, token: str) -> Lab | None:
        """The lab of a token, from memory or from the store."""
        if (lab := self.in_memory(token)) is not None:
            return lab
        if self.saver is None or not TOKEN.fullmatch(token):
            return None
        record = self.saver.load(token)
        return restored(token, record) if record is not None else None

    def _make_room(self) -> None:
        """Let go of the labs that nobody has open and that are written down."""
        with self._lock:
            for token, lab in list(self._labs.items()):
                if len(self._labs) <= KEPT:
                    return
                in_use = lab.busy or lab.repeating or self._lives(token)
                if not in_use and (self.saver is None or self.saver.saved(token)):
                    del self._labs[token]
                    self._sessions.pop(token, None)

    def present(self, token: str) -> bool:
        """Whether any browser has the lab open."""
        with self._lock:
            return self._lives(token)

    def _lives(self, token: str) -> bool:
        return any(self._session_lives(session) for session in self._sessions.get(token, ()))
