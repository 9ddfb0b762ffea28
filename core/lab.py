"""A student's lab: the next round's settings, the rounds so far, and the way back to earlier ranges.

Labs live in the server's memory under a token that is the key to them; whoever has the token has the lab.
"""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from core.engine.local import Engine, RoundHandle
from core.plan import LIMITS, RoundPlan
from core.progress import RoundProgress
from core.space import SearchSpace

KEPT = 500  # labs in memory; the one not used for longest goes first
TOKEN_BYTES = 18  # 144 random bits
NOTE_LENGTH = 300
ROUNDS = 100  # kept a lab


@dataclass
class LabRound:
    """One round of a lab."""

    number: int
    handle: RoundHandle
    note: str = ""

    @property
    def progress(self) -> RoundProgress:
        return self.handle.progress


@dataclass
class Lab:
    """Everything a student has done. `plan` is what the next round will be."""

    token: str
    plan: RoundPlan = RoundPlan()
    rounds: list[LabRound] = field(default_factory=list)
    earlier: list[SearchSpace] = field(default_factory=list)  # ranges before the present ones, for undo

    def change(self, **settings: object) -> None:
        """Change the next round's settings. Raises PlanError and changes nothing if a round cannot be so."""
        self.plan = replace(self.plan, **settings)  # type: ignore[arg-type]

    def choose(self, space: SearchSpace) -> None:
        """Take over ranges for the next round; `undo` goes back."""
        if space != self.plan.space:
            self.earlier.append(self.plan.space)
            self.change(space=space)

    def undo(self) -> None:
        """Back to the ranges before the last `choose`; nothing happens when there are none."""
        if self.earlier:
            self.change(space=self.earlier.pop())

    @property
    def latest(self) -> LabRound | None:
        """The last round."""
        return self.rounds[-1] if self.rounds else None

    @property
    def busy(self) -> bool:
        """Whether a round is not over yet."""
        return self.latest is not None and not self.latest.progress.status.over

    def start(self, engine: Engine) -> LabRound:
        """Begin the next round. The one after it gets the next seed, so that it draws other values.

        Raises DatasetError, EngineBusy.
        """
        number = self.latest.number + 1 if self.latest else 1
        round_ = LabRound(number, engine.start(self.token, self.plan))
        self.rounds = [*self.rounds, round_][-ROUNDS:]
        self.change(seed=(self.plan.seed + 1) % (LIMITS["seed"][1] + 1))
        return round_

    def note(self, number: int, text: str) -> None:
        """Write down the student's reason for a round, cut to NOTE_LENGTH characters."""
        for round_ in self.rounds:
            if round_.number == number:
                round_.note = text[:NOTE_LENGTH]


class Labs:
    """All labs of a server, and which browser sessions have each open."""

    def __init__(self, session_lives: Callable[[str], bool]) -> None:
        self._labs: OrderedDict[str, Lab] = OrderedDict()
        self._sessions: dict[str, set[str]] = {}
        self._session_lives = session_lives
        self._lock = threading.Lock()

    def open(self, token: str | None, session: str) -> tuple[Lab, bool]:
        """The lab of a token for a browser session, and whether it is known; without one it is a new lab."""
        with self._lock:
            known = token is not None and token in self._labs
            if not known:
                token = secrets.token_urlsafe(TOKEN_BYTES)
                self._labs[token] = Lab(token)
            assert token is not None
            self._labs.move_to_end(token)
            self._sessions.setdefault(token, set()).add(session)
            while len(self._labs) > KEPT:
                oldest, lab = next(iter(self._labs.items()))
                if lab.busy:
                    self._labs.move_to_end(oldest)
                    break
                del self._labs[oldest]
                self._sessions.pop(oldest, None)
            return self._labs[token], known

    def present(self, token: str) -> bool:
        """Whether any browser has the lab open."""
        with self._lock:
            sessions = {session for session in self._sessions.get(token, ()) if self._session_lives(session)}
            self._sessions[token] = sessions
            return bool(sessions)
