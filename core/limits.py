"""How often somebody may try: a full allowance at first, and then as much as time gives back.

A class's code has 8 characters of an alphabet of 20 (codes.py): 2.6e10 codes. A browser session may be wrong 10 times
at once and 6 times a minute, but a reload is a new session, so the address counts. Many students of a school share one,
which is why it may be wrong 300 times at once, three times a student of a hundred, and 10 times a minute: at most
14,700 tries in its first day and 14,400 in any other. That finds a given class with a chance of 6e-7 a day, once in
5,000 years; a thousand addresses find one of ten open classes with 0.6% a day, and what is found is a seat in a lesson.
Right codes cost nothing, so a whole class may join in the same second.

An address is what Uvicorn says it is: that of the connection, or, when a proxy on this machine has made it, the last
entry of the proxy's in X-Forwarded-For. Proxies elsewhere are named in Uvicorn's own FORWARDED_ALLOW_IPS; behind one
that is not, all are at the proxy's address and share its allowance. The header is believed from nobody else. Of an
IPv6 address the first 64 bits count, since whoever has one has them all.
"""

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from core.errors import N_, LessonError

KEPT = 20_000  # sessions and addresses that are remembered, the latest
NETWORK = 64  # bits of an IPv6 address that one household or school has


@dataclass(frozen=True)
class Allowance:
    """How often at once, and how often a second after that."""

    at_once: float
    a_second: float


class Limiter:
    """Counts what may not be done too often, by browser session and by address.

    session, address: what either may    refusal: what is said to who may not
    """

    def __init__(
        self,
        session: Allowance,
        address: Allowance,
        clock: Callable[[], float] = time.monotonic,
        refusal: str = N_("Too many tries from here; wait a minute, then try again."),
    ) -> None:
        self._allowances = {"session": session, "address": address}
        self._clock, self._refusal = clock, refusal
        self._left: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()  # how often still, as of when
        self._lock = threading.Lock()

    def take(self, session: str, address: str | None) -> None:
        """Take one try off both allowances. Raises LessonError when either is used up."""
        whos = _whos(session, address)
        with self._lock:
            if any(self._now(*who) < 1 for who in whos):
                raise LessonError(self._refusal)
            self._add(whos, -1)

    def give_back(self, session: str, address: str | None) -> None:
        """Let the last try not count."""
        with self._lock:
            self._add(_whos(session, address), 1)

    def _add(self, whos: list[tuple[str, str]], tries: int) -> None:
        for who in whos:
            self._left[who] = self._now(*who) + tries, self._clock()
            self._left.move_to_end(who)
        while len(self._left) > KEPT:
            self._left.popitem(last=False)

    def _now(self, kind: str, name: str) -> float:
        """How often one may still."""
        allowance = self._allowances[kind]
        left, since = self._left.get((kind, name), (allowance.at_once, self._clock()))
        return min(left + (self._clock() - since) * allowance.a_second, allowance.at_once)


def _whos(session: str, address: str | None) -> list[tuple[str, str]]:
    return [("session", session), ("address", network(address))]


def network(address: str | None) -> str:
    """What stands for an address: itself, or its first NETWORK bits; "" for this machine and what is no address."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is None:
        return str(ipaddress.ip_network((found, NETWORK), strict=False))
    return str(getattr(found, "ipv4_mapped", None) or found)


def wrong_codes() -> Limiter:
    """Limits wrong codes of classes."""
    return Limiter(Allowance(10, 6 / 60), Allowance(300, 10 / 60))


def new_seats() -> Limiter:
    """Limits how many seats are taken: a student needs one, a school's address a few classes of them."""
    return Limiter(Allowance(5, 1 / 60), Allowance(300, 1))


def new_labs() -> Limiter:
    """Limits how many labs are begun: each stays in the store for weeks."""
    said = N_("Very many labs have been begun from here just now; wait a minute, then try again.")
    return Limiter(Allowance(20, 6 / 60), Allowance(300, 1), refusal=said)


def new_classes() -> Limiter:
    """Limits how many classes are created."""
    return Limiter(Allowance(10, 1 / 60), Allowance(60, 1 / 60))
