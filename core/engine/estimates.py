"""How much work is left, and how much of others is done before a round ends, in operations; no further one comes.

Operations are those on floating-point numbers. Nothing is said of a round's end where that cannot be known: of rounds
whose owners are away, of those that wait for memory that a paused round holds, and among more than MAX_ROUNDS.
"""

from collections import Counter
from collections.abc import Callable, Collection

from core.engine.ready_rounds import CLASS_SLICES
from core.engine.scheduled_round import Rank, ScheduledRound
from core.progress import Status

MAX_ROUNDS = 200  # an estimate looks at all of them

Received = Callable[..., float]  # operations of a group, or of an owner of it, decayed as in fair_share.py


def work_left(rounds: Collection[ScheduledRound]) -> float:
    """Operations of all rounds that a new one would share the workers with: not of paused ones, nor of absent owners.

    rounds: all that have not ended
    """
    return sum(
        one.operations_left() for one in rounds if one.status is not Status.PAUSED and one.rank is not Rank.ABSENT
    )


def work_left_of_others(round_: ScheduledRound, rounds: Collection[ScheduledRound], received: Received) -> float | None:
    """Operations of others until the end of a round; None if that cannot be said.

    rounds: all that have not ended
    """
    if round_.rank is Rank.ABSENT or len(rounds) > MAX_ROUNDS:
        return None
    if round_.status is Status.WAITING:
        is_held_up = any(one.has_memory and one.status is Status.PAUSED for one in rounds)
        return None if is_held_up else work_before(round_, rounds)
    others = [one for one in rounds if one.status is Status.RUNNING and one is not round_]
    return work_beside(round_, [one for one in others if one.rank is not Rank.ABSENT], received)


def work_beside(round_: ScheduledRound, others: Collection[ScheduledRound], received: Received) -> float:
    """Operations of others until the end of a round that runs.

    Each of the others in its group is served until its owner has received as much recently as this one's will have at
    the end, then each of the other groups until it has received as much as this one. Rounds of classes have
    CLASS_SLICES slices for one of the others.
    """
    group, owner = round_.group, round_.owner
    at_end = received(group, owner) + round_.operations_left()
    in_group = sum(
        min(max(at_end - received(group, one.owner), 0.0), one.operations_left())
        for one in others
        if one.group == group
    )
    at_end = received(group) + round_.operations_left() + in_group
    left: dict[Rank, Counter[str]] = {rank: Counter() for rank in Rank}
    for one in others:
        if one.group != group:
            left[one.rank][one.group] += one.operations_left()  # type: ignore[assignment]
    beside = sum(min(max(at_end - received(one), 0.0), work) for one, work in left[round_.rank].items())
    same = round_.operations_left() + in_group + beside
    if round_.in_class:
        return in_group + beside + min(left[Rank.OTHER].total(), same / CLASS_SLICES)
    return in_group + beside + min(left[Rank.CLASS].total(), same * CLASS_SLICES)


def work_before(round_: ScheduledRound, rounds: Collection[ScheduledRound]) -> float:
    """Operations of others until the end of a round that waits: all before it, but large ones do not delay a small one.

    While a small one waits and trains, the large ones that run receive as much as it and those before it together. A
    large one may be passed by the small ones that wait behind it.
    """
    running = [one for one in rounds if one.status is Status.RUNNING]
    waiting = [one for one in rounds if one.status is Status.WAITING and one is not round_]
    before = running + [one for one in waiting if one.progress.position < round_.progress.position]
    if not round_.demand.is_small:
        behind = [one for one in waiting if one not in before and one.demand.is_small]
        return sum(one.operations_left() for one in before + behind)
    small = sum(one.operations_left() for one in before if one.demand.is_small)
    large = [one for one in running if not one.demand.is_small]
    return small + sum(min(one.operations_left(), round_.operations_left() + small) for one in large)
