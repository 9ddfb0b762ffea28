"""Whether the owners of rounds are there, and which rounds are stopped: nobody came back, or resumed them, for long."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from core.engine.owners import Owner

PAUSE_LIMIT = 600.0  # seconds after which a paused round is stopped
KEPT_SECONDS = 60.0  # that it is remembered when an owner without rounds was there: they may begin by themselves

log = logging.getLogger(__name__)


class Owned(Protocol):
    """What is asked of a round."""

    @property
    def owner(self) -> str: ...

    @property
    def paused_at(self) -> float | None: ...


Round = TypeVar("Round", bound=Owned)


@dataclass(frozen=True)
class Seen(Generic[Round]):
    """What a look at all owners has found."""

    owners: dict[str, Owner]  # as they are now
    abandoned: list[Round]  # to be stopped

    @property
    def absent(self) -> frozenset[str]:
        """The owners who are away."""
        return frozenset(owner for owner, found in self.owners.items() if not found.is_present)


class Presence:
    """When the owners of rounds were last there. Times are seconds of any one clock, handed in as `now`.

    find_owner: an owner as they are now
    """

    def __init__(self, find_owner: Callable[[str], Owner]) -> None:
        self._find_owner = find_owner
        self._last: dict[str, tuple[float, float]] = {}  # by owner: when they were last there, when somebody asked

    def round_started(self, owner: str, now: float) -> None:
        """Count an owner as present, unless it is known when they last were: rounds may begin by themselves."""
        self._last.setdefault(owner, (now, now))

    def look(self, rounds: Sequence[Round], now: float) -> Seen[Round]:
        """Ask about the owners of all rounds that have not ended; to be called about once a second."""
        owners = {round_.owner: self.find(round_.owner) for round_ in rounds}
        before = self._last.copy()
        last = {owner: now if found.is_present else before.get(owner, (now, now))[0] for owner, found in owners.items()}
        abandoned = [
            round_
            for round_ in rounds
            if (round_.paused_at is not None and now - round_.paused_at > PAUSE_LIMIT)
            or now - last[round_.owner] > owners[round_.owner].absence_limit
        ]
        # an owner who started a round meanwhile counts as present the next time
        kept = {owner: seen for owner, seen in self._last.copy().items() if now - seen[1] <= KEPT_SECONDS}
        self._last = kept | {owner: (at, now) for owner, at in last.items()}
        return Seen(owners, abandoned)

    def find(self, owner: str) -> Owner:
        """An owner as they are now; one counts as present, and shares with nobody, if asking fails."""
        try:
            return self._find_owner(owner)
        except Exception:
            log.exception("whether an owner is there could not be learned")
            return Owner(owner)
