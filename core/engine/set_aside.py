"""Which round gives its memory back since others wait for it: it is set aside, and begun again when there is room.

When somebody who is there has waited for WAIT_SECONDS, these are set aside, one at a time, until nobody waits:

1. rounds that are paused, and those whose owners have been away for a while;
2. rounds in training of the group that holds most, if it holds TIMES as much as the group of the one that waits would,
   or if it is none of a class, these hold more than OTHERS_BYTES together, and the one that waits is of a class.

A round in training is set aside no earlier than HOLD_SECONDS after it got its memory. Of those that this has happened
to, the oldest may hold its memory HOLD_GROWTH times as long with every time: so one after the other comes to its end,
however many others there are, and nobody fills the memory with rounds that may stay.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from core.engine.memory import MEMORY_BYTES
from core.engine.scheduled_round import Rank, ScheduledRound
from core.progress import Status

WAIT_SECONDS = 3.0  # that a round waits for memory before others give theirs back
IDLE_SECONDS = 3.0  # that a paused round keeps its memory though others wait
AWAY_SECONDS = 10.0  # that the round of an owner who is away does: a page may be reloaded
HOLD_SECONDS, HOLD_GROWTH = 15.0, 2  # that a round in training keeps its memory, see above
TIMES = 2
OTHERS_BYTES = MEMORY_BYTES // 4


def next_to_set_aside(
    rounds: Iterable[ScheduledRound], queue: Sequence[ScheduledRound], now: float
) -> ScheduledRound | None:
    """The round that is to give its memory back now, None for none.

    rounds: all that have not ended    queue: those that wait, next one first
    """
    waiting = [one for one in queue if one.rank is not Rank.ABSENT and now - one.waiting_since >= WAIT_SECONDS]
    if not waiting:
        return None
    rounds = list(rounds)
    holding = [one for one in rounds if one.has_memory]
    if idle := [one for one in holding if _is_idle(one, now)]:
        return max(idle, key=lambda one: one.demand.weights + one.demand.image_bytes)
    return _of_largest_group(holding, waiting, _bytes_of(rounds), now)


def _is_idle(one: ScheduledRound, now: float) -> bool:
    """Whether a round holds memory that nobody has anything of just now."""
    is_paused = one.paused_at is not None and now - one.paused_at >= IDLE_SECONDS
    return is_paused or (one.absent_since is not None and now - one.absent_since >= AWAY_SECONDS)


def _bytes_of(rounds: Sequence[ScheduledRound]) -> dict[int, float]:
    """What each round holds, or would hold, by its key: its weights, and its part of the images that it shares."""
    users = Counter(one.demand.images for one in rounds if one.has_memory or one.status is Status.WAITING)
    return {
        one.key: one.demand.weights + one.demand.image_bytes / users[one.demand.images]
        for one in rounds
        if users[one.demand.images]
    }


def _of_largest_group(
    holding: Sequence[ScheduledRound], waiting: Sequence[ScheduledRound], needs: dict[int, float], now: float
) -> ScheduledRound | None:
    """A round of the group that holds most, if one that waits may have its memory."""
    by_group = Counter[str]()
    for one in holding:
        by_group[one.group] += needs[one.key]  # type: ignore[assignment]
    interrupted = [one for one in holding if one.times_interrupted]
    oldest = min(interrupted, key=lambda one: one.key, default=None)
    others = sum(needs[one.key] for one in holding if not one.in_class)
    for new in waiting:
        wanted = by_group[new.group] + needs[new.key]
        may = [
            one
            for one in holding
            if one.group != new.group
            and now - one.memory_since >= HOLD_SECONDS * (HOLD_GROWTH**one.times_interrupted if one is oldest else 1)
            and (
                by_group[one.group] >= TIMES * wanted
                or (new.in_class and not one.in_class and others > OTHERS_BYTES and needs[new.key] < others)
            )
        ]
        if may:
            return max(may, key=lambda one: (by_group[one.group], needs[one.key], one.memory_since))
    return None
