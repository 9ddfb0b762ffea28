"""Which rounds there is memory for. Pure: plans in, decisions out.

Rounds start in the order of the queue. Some memory is kept for small ones: they pass a large one there that waits or
holds all the rest, and what they hold there does not keep it waiting.
"""

from collections.abc import Sequence

from core.engine.worker import least_memory
from core.plan import RoundPlan

MEMORY = 336 * 2**20  # bytes that all active rounds hold in the workers at least; see worker.py about more
RESERVE = 24 * 2**20  # bytes a worker beside them for small rounds, those of at most half of it: some eight of a lesson


def admitted(active: Sequence[RoundPlan], queue: Sequence[RoundPlan], workers: int) -> list[int]:
    """The places in a queue of the rounds that may start now; one may always run beside the reserve.

    active: those that hold memory already
    """
    held, places, in_order = [*active], list[int](), True
    for place, plan in enumerate(queue):
        in_order = in_order and fits(held, plan, workers)
        if not in_order and aside(held, workers) >= reserve(workers):
            break
        if in_order or passes(held, plan, workers):
            held.append(plan)
            places.append(place)
    return places


def reserve(workers: int) -> int:
    """Bytes for small rounds beside all others; what a round holds grows with the workers, too."""
    return RESERVE * workers


def fits(active: Sequence[RoundPlan], plan: RoundPlan, workers: int) -> bool:
    """Whether there is memory for a round whose turn it is; the reserve is not in a large one's way."""
    if not active:
        return True
    everything = least_memory([*active, plan], workers)
    if everything <= MEMORY or is_small(plan, workers):
        return everything <= MEMORY
    small = aside(active, workers)
    if small <= reserve(workers) and all(is_small(one, workers) for one in active):
        return True
    return everything - min(small, reserve(workers)) <= MEMORY


def passes(active: Sequence[RoundPlan], plan: RoundPlan, workers: int) -> bool:
    """Whether a round is small and the reserve has room for it."""
    return is_small(plan, workers) and aside([*active, plan], workers) <= reserve(workers)


def aside(active: Sequence[RoundPlan], workers: int) -> int:
    """Bytes that small rounds hold."""
    return least_memory([one for one in active if is_small(one, workers)], workers)


def is_small(plan: RoundPlan, workers: int) -> bool:
    """Whether a round takes at most half of the reserve."""
    return least_memory([plan], workers) <= reserve(workers) // 2
