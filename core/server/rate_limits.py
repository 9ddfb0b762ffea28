"""Token buckets by browser session and by address: how often somebody may do what must not be done too often.

A class's code has 8 characters of an alphabet of 18 (join_codes.py): 1.1e10 codes. A browser session may be wrong 10
times at once and 6 times a minute, but a reload is a new session, so the address counts. Many students of a school
share one, which is why it may be wrong 300 times at once, three times a student of a hundred, and 10 times a minute:
at most 14,700 tries in its first day and 14,400 in any other. That finds a given class with a chance of 1.4e-6 a day,
once in 2,000 years; a thousand addresses find one of ten open classes with 1.4% a day, and what is found is a seat in a
lesson. Right codes cost nothing, so a whole class may join in the same second. Somebody who tries codes keeps others at
the address from typing theirs, so links and QR codes have a key of 128 bits beside the code, with which finding the
class is not counted. A seat is no lab that was begun: whoever begins labs without end keeps nobody out of a class.

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
from dataclasses import dataclass, field, fields

from core.errors import N_, LessonError
from core.store.shared_allowances import SharedAllowances

MAX_CLIENTS = 20_000  # sessions and addresses that have a bucket, the latest
NETWORK_BITS = 64  # of an IPv6 address: one household or school has all addresses behind them


@dataclass(frozen=True)
class Allowance:
    """The size of a bucket in tries, and how many tries it gets back a second."""

    burst: float
    per_second: float


class Pace:
    """A bucket whose user waits instead of being refused."""

    def __init__(self, allowance: Allowance, clock: Callable[[], float] = time.monotonic) -> None:
        self._allowance, self._clock = allowance, clock
        self._left, self._since = allowance.burst, clock()

    def take(self) -> float:
        """Take one; how many seconds to wait until it is there, 0 if it is."""
        now = self._clock()
        self._left = min(self._left + (now - self._since) * self._allowance.per_second, self._allowance.burst) - 1
        self._since = now
        return max(0.0, -self._left / self._allowance.per_second)


class Limiter:
    """A bucket for every browser session and every address; a try takes one off both.

    session, address: the allowance of each, None where sessions are not counted    refusal: the sentence of the error
    """

    def __init__(
        self,
        session: Allowance | None,
        address: Allowance,
        clock: Callable[[], float] = time.monotonic,
        refusal: str = N_("Too many tries from here; wait a minute, then try again."),
    ) -> None:
        self._allowances = ({"session": session} if session else {}) | {"address": address}
        self._clock, self._refusal = clock, refusal
        # kind and name of a client: tries left, and the clock then
        self._buckets: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()
        self._shared: tuple[SharedAllowances, str] | None = None

    def share(self, shared: SharedAllowances, name: str) -> None:
        """Count addresses over several servers as well. name: that all servers have for this limiter"""
        self._shared = shared, name

    def acquire(self, session: str, address: str | None) -> None:
        """Take one try off both buckets. Raises LessonError when either is empty."""
        clients = self._clients(session, address)
        with self._lock:
            if any(self._tries_left(*client) < 1 for client in clients):
                raise LessonError(self._refusal)
            self._add(clients, -1)
        if not self._count_at_all_servers(address, -1):
            with self._lock:
                self._add(clients, 1)
            raise LessonError(self._refusal)

    def refund(self, session: str, address: str | None) -> None:
        """Put the last try back."""
        with self._lock:
            self._add(self._clients(session, address), 1)
        self._count_at_all_servers(address, 1)

    def _count_at_all_servers(self, address: str | None, tries: int) -> bool:
        """Whether an address may, by what all servers have counted; while the database is away each counts alone."""
        if self._shared is None:
            return True
        (shared, name), allowance = self._shared, self._allowances["address"]
        try:
            return shared.add(name, network(address), tries, allowance.burst, allowance.per_second)
        except LessonError:
            return True

    def _clients(self, session: str, address: str | None) -> list[tuple[str, str]]:
        named = {"session": session, "address": network(address)}
        return [(kind, named[kind]) for kind in self._allowances]

    def _add(self, clients: list[tuple[str, str]], tries: int) -> None:
        for client in clients:
            self._buckets[client] = self._tries_left(*client) + tries, self._clock()
            self._buckets.move_to_end(client)
        while len(self._buckets) > MAX_CLIENTS:
            self._buckets.popitem(last=False)

    def _tries_left(self, kind: str, name: str) -> float:
        allowance = self._allowances[kind]
        left, since = self._buckets.get((kind, name), (allowance.burst, self._clock()))
        return min(left + (self._clock() - since) * allowance.per_second, allowance.burst)


def network(address: str | None) -> str:
    """The network of an address: itself, or the first NETWORK_BITS of an IPv6 address; "" for what is no address."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is None:
        return str(ipaddress.ip_network((found, NETWORK_BITS), strict=False))
    return str(getattr(found, "ipv4_mapped", None) or found)


def wrong_codes() -> Limiter:
    """Limits wrong codes of classes."""
    return Limiter(Allowance(10, 6 / 60), Allowance(300, 10 / 60))


def new_seats() -> Limiter:
    """Limits how many seats are taken: a student needs one, a school's address a few classes of them."""
    return Limiter(Allowance(5, 1 / 60), Allowance(300, 1))


def link_seats() -> Limiter:
    """Limits how many seats are taken by a class's link: apart from codes, so that who has only those uses none up."""
    return Limiter(Allowance(5, 1 / 60), Allowance(600, 2))


def new_labs() -> Limiter:
    """Limits how many labs are begun: each stays in the store for months."""
    refusal = N_("Very many labs have been begun from here just now; wait a minute, then try again.")
    return Limiter(Allowance(20, 6 / 60), Allowance(300, 1), refusal=refusal)


def new_classes() -> Limiter:
    """Limits how many classes are created."""
    return Limiter(Allowance(10, 1 / 60), Allowance(60, 1 / 60))


def shown_labs() -> Limiter:
    """Limits how often labs are shown by their reading links: a class may look at each other's at once."""
    return Limiter(None, Allowance(120, 1))


@dataclass(frozen=True)
class Limits:
    """What may not be done too often on a server."""

    wrong_codes: Limiter = field(default_factory=wrong_codes)
    new_seats: Limiter = field(default_factory=new_seats)
    link_seats: Limiter = field(default_factory=link_seats)
    new_classes: Limiter = field(default_factory=new_classes)
    new_labs: Limiter = field(default_factory=new_labs)
    shown_labs: Limiter = field(default_factory=shown_labs)

    def share(self, shared: SharedAllowances) -> None:
        """Count addresses over several servers as well."""
        for one in fields(self):
            getattr(self, one.name).share(shared, one.name)
