"""Which rounds may be taken on, in which order they wait for memory, and which of them get it."""

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Protocol

from core.engine.memory import PATIENCE_SECONDS, admitted
from core.engine.owners import Owner
from core.engine.port import EngineBusy
from core.engine.scheduled_round import Rank, ScheduledRound
from core.errors import N_
from core.progress import Status

MAX_WAITING = 200  # rounds of classes, and of others; twice as many if all beyond are the only ones of their groups


class Queued(Protocol):
    """What is asked of a round that has not ended."""

    @property
    def owner(self) -> str: ...

    @property
    def group(self) -> str: ...

    @property
    def in_class(self) -> bool: ...

    @property
    def lane(self) -> str: ...

    @property
    def status(self) -> Status: ...


def check_room(rounds: Collection[Queued], owner: str, lane: str, known: Owner) -> None:
    """Raise EngineBusy when an owner cannot have a further round in a lane.

    rounds: all that have not ended    known: the owner as they are now
    """
    if any((one.owner, one.lane) == (owner, lane) for one in rounds):
        raise EngineBusy(N_("A round is running already; stop it or wait for its end."))
    waiting = sum(one.status is Status.WAITING and one.in_class == known.in_class for one in rounds)
    is_only_one = all(one.group != known.group for one in rounds)
    if waiting >= (2 * MAX_WAITING if is_only_one else MAX_WAITING):
        raise EngineBusy(N_("Too many rounds are waiting just now; try again in a minute."))


def startable(rounds: Collection[ScheduledRound], queue: list[ScheduledRound], now: float) -> list[ScheduledRound]:
    """The rounds of a queue that there is memory for: of absent owners none while others wait.

    rounds: all that have not ended
    """
    if not queue:
        return []
    held = [one.demand for one in rounds if one.has_memory]
    waited = [(one.demand, now - one.waiting_since) for one in queue]
    places = set(admitted(held, waited, len(queue[0].shares)))
    others_wait = any(one.rank is not Rank.ABSENT and place not in places for place, one in enumerate(queue))
    return [queue[place] for place in sorted(places) if queue[place].rank is not Rank.ABSENT or not others_wait]


def queue_of(rounds: Iterable[ScheduledRound], now: float) -> list[ScheduledRound]:
    """Those that wait, next one first: classes before others, then those whose owners are away.

    Of each rank every group's first round, then every group's second and so on; in a group the same by owner. Whoever
    has waited for PATIENCE_SECONDS comes as one of a class.
    """
    rounds = sorted(rounds, key=lambda one: (one.waiting_since, one.key))
    of_owners, of_groups = Counter[str](), Counter[str]()
    in_group = []
    for round_ in rounds:
        in_group.append((of_owners[round_.owner], round_))
        of_owners[round_.owner] += 1
    waiting = []
    for _, round_ in sorted(in_group, key=lambda entry: entry[0]):
        if round_.status is Status.WAITING:
            patient = round_.rank is Rank.OTHER and now - round_.waiting_since > PATIENCE_SECONDS
            rank = Rank.CLASS if patient else round_.rank
            waiting.append((rank, of_groups[round_.group], round_.waiting_since, round_.key, round_))
        of_groups[round_.group] += 1
    return [entry[-1] for entry in sorted(waiting, key=lambda entry: entry[:-1])]
