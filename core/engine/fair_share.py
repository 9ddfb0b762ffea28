"""What everybody has received of the workers' time of late, and who may begin a round at once.

What was received counts half after RECENT seconds, whether its round is over or not: whoever presses Start again and
again gets no more than the others, and whoever has waited comes first. Counting a round alone gave ten times as much to
those who started the next one at once. Times are seconds of any one clock, handed in as `now`.
"""

from dataclasses import dataclass, field

BEGINNING = 5.0  # seconds between two rounds that an owner may begin at once
RECENT = 15.0  # seconds after which what somebody received counts half
FORGOTTEN = 1e-3  # seconds that are not worth remembering


@dataclass
class FairShare:
    """The books. An owner may have rounds in several lanes at a time."""

    lanes: dict[tuple[str, str], float] = field(default_factory=dict)  # owner and lane: seconds of worker time of late
    _aged: float = 0.0  # when what was received last lost in weight
    _begun: dict[str, float] = field(default_factory=dict)  # by owner: when a round last began at once

    def enter(self, owner: str, lane: str, seconds: float, now: float) -> None:
        """Enter what an owner has received; what all have received until now loses in weight."""
        weight, self._aged = 0.5 ** (max(now - self._aged, 0.0) / RECENT), now
        aged = {place: weight * amount for place, amount in self.lanes.items()}
        self.lanes = {place: amount for place, amount in aged.items() if amount > FORGOTTEN}
        self.lanes[owner, lane] = self.lanes.get((owner, lane), 0.0) + seconds

    def owners(self) -> dict[str, float]:
        """Seconds of worker time of late by owner, of all lanes; nobody who has received none."""
        found: dict[str, float] = {}
        for (owner, _), amount in self.lanes.items():
            found[owner] = found.get(owner, 0.0) + amount
        return found

    def begins_at_once(self, owner: str, now: float) -> bool:
        """Whether a new round need not wait for its turn; the next one within BEGINNING will have to."""
        self._begun = {name: at for name, at in self._begun.items() if now - at < BEGINNING}
        if owner in self._begun:
            return False
        self._begun[owner] = now
        return True
