"""Which rounds there is memory for, and how many bytes they hold. Pure: what rounds need in, decisions out.

All rounds that have memory hold at most MEMORY_BYTES at least, or what lies in two parts: the small ones a reserve, in
which a class has room, and the large ones MEMORY_BYTES; one large round may run whatever it needs.

Rounds start in the order of the queue. Whatever there is memory for passes one that waits for memory, but not for ever:
once it has waited for PATIENCE_SECONDS, only small ones pass it, in the reserve alone, which it may run beside.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.engine.share import STACK_TRIALS
from core.engine.trial_costs import largest_weights
from core.plan import RoundPlan
from core.training.round_data import images_key

MEMORY_BYTES = 384 * 2**20  # that rounds hold in the workers at least; they hold more while there is room
RESERVE_BYTES = 96 * 2**20  # a worker, for small rounds: on two of them for some 37 of a lesson on MNIST
SMALL_PART = 8  # a round is small up to this part of the reserve
PATIENCE_SECONDS = 60.0  # that a round waits for memory before the others must leave it room
IMAGE_COPIES = 2  # float32 arrays that Inputs keep of the images


@dataclass(frozen=True)
class Demand:
    """What a round holds at least while it is in training, in all workers together."""

    weights: int  # bytes
    images: tuple[str, int, int]  # see images_key: rounds on the same images share them
    image_bytes: int
    is_small: bool


def demand(plan: RoundPlan, workers: int) -> Demand:
    """What a round needs."""
    weights, images = least_weights(plan, workers), image_bytes(plan, workers)
    return Demand(weights, images_key(plan), images, weights + images <= reserve_bytes(workers) // SMALL_PART)


class Holdings:
    """What some rounds hold together."""

    def __init__(self, workers: int) -> None:
        self._reserve = reserve_bytes(workers)
        self._total = self._small = self._large = 0  # bytes of all, bytes of small rounds, how many large rounds
        self._images: dict[tuple[str, int, int], bool] = {}  # those in memory, and whether a small round has them

    def add(self, one: Demand) -> None:
        """One round more."""
        self._total, self._small, self._large = self._with(one)
        self._images[one.images] = self._images.get(one.images, False) or one.is_small

    def takes(self, one: Demand, in_reserve: bool = False) -> bool:
        """Whether there is memory for one more. in_reserve: for a small one in the reserve alone"""
        total, small, large = self._with(one)
        if in_reserve:
            return one.is_small and small <= self._reserve
        return total <= MEMORY_BYTES or (small <= self._reserve and (large <= 1 or total - small <= MEMORY_BYTES))

    def _with(self, one: Demand) -> tuple[int, int, int]:
        """The same numbers with one more."""
        total = self._total + one.weights + (0 if one.images in self._images else one.image_bytes)
        if not one.is_small:
            return total, self._small, self._large + 1
        small = self._small + one.weights + (0 if self._images.get(one.images) else one.image_bytes)
        return total, small, self._large


def admitted(active: Iterable[Demand], queue: Sequence[tuple[Demand, float]], workers: int) -> list[int]:
    """The places in a queue of the rounds that may start now.

    active: of those that hold memory already    queue: what each needs, and the seconds it has waited
    """
    held, places, must_leave_room = Holdings(workers), list[int](), False
    for one in active:
        held.add(one)
    for place, (one, seconds) in enumerate(queue):
        if held.takes(one, in_reserve=must_leave_room):
            held.add(one)
            places.append(place)
        elif seconds > PATIENCE_SECONDS:
            must_leave_room = True
    return places


def reserve_bytes(workers: int) -> int:
    """Bytes for small rounds beside all others: what a round holds grows with the workers, too."""
    return RESERVE_BYTES * workers


def least_weights(plan: RoundPlan, workers: int) -> int:
    """Bytes of weights that a round holds at least while it is in training: those of a stack on each worker.

    Where trials differ in that, those of the largest. One with rungs holds all of them: none goes on from a rung before
    the last has come there.
    """
    return largest_weights(plan, plan.trials if plan.give_up else min(plan.trials, STACK_TRIALS * workers))


def image_bytes(plan: RoundPlan, workers: int) -> int:
    """Bytes of a round's images, once for each worker."""
    return workers * IMAGE_COPIES * 4 * plan.images * (plan.sizes()[0] + 1)


def least_memory(plans: Iterable[RoundPlan], workers: int) -> int:
    """Bytes that rounds hold in all workers at least: weights, and their images once for each worker."""
    needs = [demand(plan, workers) for plan in plans]
    return sum(one.weights for one in needs) + sum({one.images: one.image_bytes for one in needs}.values())
