"""Which host a round goes to. Pure: what is known of hosts and rounds in, a decision out."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from core.engine.cluster.remote_round import RemoteRound

KIND_PATIENCE_SECONDS = 5.0  # that a round waits for a host of the kind that has begun it before it begins anew


@dataclass
class Host:
    """A host as a server of the app knows it."""

    name: str  # of its own choice, the same while it lives
    address: str  # of its Dask worker, another after the scheduler was away
    kind: str = ""  # empty until it has answered once
    workers: int = 1
    work_left: float = 0.0  # floating-point operations, as it said last
    placed: float = 0.0  # operations of rounds placed there that it had not heard of by then
    cycle_seconds: float = 0.0
    answered: float = 0.0  # seconds of the monotonic clock
    busy_until: float = 0.0  # the same: its queue is full
    sequence: int = field(default=0)

    @property
    def load(self) -> float:
        """Floating-point operations for each worker."""
        return (self.work_left + self.placed) / self.workers


def place_for(round_: RemoteRound, hosts: Iterable[Host], rounds: Iterable[RemoteRound], now: float) -> Host | None:
    """The host for a round, or None while there is none.

    All rounds of a seat of a class, or of an owner who is in none, go to one host, which shares its workers fairly; the
    first of them goes to the one with the least to do. A round with results goes on at a host of the same kind, and
    begins anew on another if there is none for a while.
    """
    able = [one for one in hosts if one.kind and one.name not in round_.refused_by and one.busy_until <= now]
    if round_.progress.started:
        same = [one for one in able if one.kind == round_.kind]
        if not same and now - round_.unplaced_since < KIND_PATIENCE_SECONDS:
            return None
        able = same or able
    if not able:
        return None
    names = {one.host for one in rounds if one.kept_together_by == round_.kept_together_by and one is not round_}
    return min(able, key=lambda one: (one.name not in names, one.load, one.name))
