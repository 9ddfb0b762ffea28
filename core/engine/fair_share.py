"""What groups, owners and lanes have received of the workers' time recently, and who may begin a round at once.

Time is shared on two levels: between groups (a seat of a class, an address or a browser session), and within a group
between its owners (labs). So whoever opens ten labs gets no more than with one. What was received counts half after
HALF_LIFE_SECONDS, whether its round has ended or not: whoever presses Start again and again gets no more than the
others, and whoever has waited comes first. Times are seconds of any one clock, handed in as `now`.

An amount is kept as the binary logarithm of what it would count at time 0. So it stays as it is while it decays, order
by it never changes but for those who are served, and nothing has to be computed for all of them.
"""

import math
from dataclasses import dataclass, field

BEGIN_INTERVAL_SECONDS = 5.0  # between two rounds that a group may begin at once
HALF_LIFE_SECONDS = 15.0  # after which what was received counts half
NEGLIGIBLE_SECONDS = 1e-3  # of worker time; less is forgotten
SWEEP_SECONDS = 60.0  # between two looks for what can be forgotten

Place = tuple[str, ...]  # (group,), (group, owner) or (group, owner, lane)


@dataclass
class FairShare:
    """Worker time by place."""

    _amounts: dict[Place, float] = field(default_factory=dict)  # binary logarithms, see above
    _now: float = -math.inf  # of the last record
    _swept: float = -math.inf
    _began_at_once: dict[str, float] = field(default_factory=dict)  # by group: when a round last did

    def record(self, group: str, owner: str, lane: str, seconds: float, now: float) -> None:
        """Add what a lane of an owner of a group has received."""
        self._now = max(now, self._now)
        if seconds > 0:
            added = math.log2(seconds) + self._now / HALF_LIFE_SECONDS
            for place in ((group,), (group, owner), (group, owner, lane)):
                self._amounts[place] = _add(self.amount(*place), added)
        if self._now - self._swept > SWEEP_SECONDS:
            self._swept = self._now
            self._amounts = {place: one for place, one in self._amounts.items() if self.seconds(*place) > 0}

    def amount(self, *place: str) -> float:
        """A number that is larger for whoever has received more; it grows when they are served, and only then."""
        return self._amounts.get(place, -math.inf)

    def seconds(self, *place: str) -> float:
        """Seconds of worker time, decayed to the last record; 0 for what is negligible."""
        amount = self.amount(*place)
        if amount == -math.inf:
            return 0.0
        seconds = 2.0 ** (amount - self._now / HALF_LIFE_SECONDS)
        return seconds if seconds > NEGLIGIBLE_SECONDS else 0.0

    def begins_at_once(self, group: str, now: float) -> bool:
        """Whether a new round need not wait for its turn; the next one within BEGIN_INTERVAL_SECONDS will have to."""
        self._began_at_once = {
            name: began for name, began in self._began_at_once.items() if now - began < BEGIN_INTERVAL_SECONDS
        }
        if group in self._began_at_once:
            return False
        self._began_at_once[group] = now
        return True


def _add(one: float, other: float) -> float:
    """The binary logarithm of the sum of two amounts that are given by theirs."""
    low, high = min(one, other), max(one, other)
    return high if low == -math.inf else high + math.log2(1.0 + 2.0 ** (low - high))
