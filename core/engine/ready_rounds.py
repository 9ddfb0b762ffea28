"""Which round a worker takes next: of those that have not begun there, else of who has received least.

Rounds of classes come before the others, but of CLASS_SLICES + 1 slices that both could have one goes to the others.
Rounds whose owners are away get the slices that nobody else can have. Within each of these three ranks the group that
has received least is next, in it the owner who has, of theirs the lane that has (see fair_share.py).

Nothing here looks at all rounds for a slice: groups and owners lie in heaps, which are put in order where they are
looked at, since amounts only grow.
"""

from collections.abc import Callable, Collection
from heapq import heappop, heappush, heapreplace
from itertools import count
from typing import Generic, TypeVar

from core.engine.fair_share import FairShare
from core.engine.scheduled_round import Rank, ScheduledRound
from core.progress import Status

CLASS_SLICES = 7  # that go to rounds of classes before the others have one

Item = TypeVar("Item")
Found = TypeVar("Found")


class LeastServed(Generic[Item]):
    """Items, least served first. amount: of an item; it must not fall"""

    def __init__(self, amount: Callable[[Item], float]) -> None:
        self._amount = amount
        self._heap: list[tuple[float, int, Item]] = []
        self._items: set[Item] = set()
        self._numbers = count()

    def add(self, item: Item) -> None:
        """Take in an item; nothing happens if it is there."""
        if item not in self._items:
            self._items.add(item)
            heappush(self._heap, (self._amount(item), next(self._numbers), item))

    def first(self, find: Callable[[Item], Found | None]) -> Found | None:
        """What `find` finds in the first item that has something; those before it that have nothing are forgotten."""
        while self._heap:
            amount, number, item = self._heap[0]
            if (now := self._amount(item)) > amount:
                heapreplace(self._heap, (now, number, item))
            elif (found := find(item)) is not None:
                return found
            else:
                heappop(self._heap)
                self._items.discard(item)
        return None


class ReadyRounds:
    """The rounds that one worker could go on with; what has become of them is looked up when they come up."""

    def __init__(self, worker: int, fair_share: FairShare) -> None:
        self._worker, self._fair_share = worker, fair_share
        self._groups: dict[Rank, LeastServed[str]] = {rank: LeastServed(fair_share.amount) for rank in Rank}
        self._owners: dict[tuple[Rank, str], LeastServed[str]] = {}
        self._rounds: dict[tuple[Rank, str, str], dict[int, ScheduledRound]] = {}  # by key, of a group's owner
        self._new: dict[Rank, dict[int, ScheduledRound]] = {rank: {} for rank in Rank}  # whose shares begin at once
        self._class_slices = 0  # since the others have had one

    def enter(self, round_: ScheduledRound) -> None:
        """Take in a round that may be ready now; nothing happens if it is there."""
        rank, group, owner = round_.rank, round_.group, round_.owner
        share = round_.shares[self._worker]
        if not self._is_ready(round_, rank):
            return
        if round_.at_once and not share.has_begun:
            self._new[rank][round_.key] = round_
        if (rank, group) not in self._owners:
            self._owners[rank, group] = LeastServed(lambda owner: self._fair_share.amount(group, owner))
        self._rounds.setdefault((rank, group, owner), {})[round_.key] = round_
        self._owners[rank, group].add(owner)
        self._groups[rank].add(group)

    def has_any(self) -> bool:
        """Whether a round is ready."""
        return any(self._first(rank) is not None for rank in Rank)

    def take(self, on_others: Collection[int] = ()) -> ScheduledRound | None:
        """The round whose slice is next. on_others: keys of the rounds that other workers are at"""
        ranks = list(Rank)
        if self._class_slices >= CLASS_SLICES:
            ranks = [Rank.OTHER, Rank.CLASS, Rank.ABSENT]
        for rank in ranks:
            if (found := self._first_new(rank, on_others) or self._first(rank)) is not None:
                if rank is not Rank.ABSENT:
                    self._class_slices = self._class_slices + 1 if rank is Rank.CLASS else 0
                return found
        return None

    def _is_ready(self, round_: ScheduledRound, rank: Rank) -> bool:
        share = round_.shares[self._worker]
        return round_.status is Status.RUNNING and round_.rank is rank and not (share.finished or share.at_rung)

    def _first_new(self, rank: Rank, on_others: Collection[int]) -> ScheduledRound | None:
        """Of rounds that begin at once: those of which nothing has begun come first, then who has received least."""
        new = self._new[rank] = {
            key: one
            for key, one in self._new[rank].items()
            if self._is_ready(one, rank) and not one.shares[self._worker].has_begun
        }

        def order(one: ScheduledRound) -> tuple[bool, float, float, float, int]:
            anywhere = one.key in on_others or any(share.has_begun for share in one.shares)
            return anywhere, *self._received(one), one.key

        return min(new.values(), key=order, default=None)

    def _first(self, rank: Rank) -> ScheduledRound | None:
        """The round of who has received least."""

        def in_group(group: str) -> ScheduledRound | None:
            found = self._owners[rank, group].first(lambda owner: of_owner(group, owner))
            if found is None:
                del self._owners[rank, group]
            return found

        def of_owner(group: str, owner: str) -> ScheduledRound | None:
            rounds = self._rounds[rank, group, owner]
            for one in [one for one in rounds.values() if not self._is_ready(one, rank)]:
                del rounds[one.key]
            if not rounds:
                del self._rounds[rank, group, owner]
            return min(rounds.values(), key=lambda one: (*self._received(one), one.key), default=None)

        return self._groups[rank].first(in_group)

    def _received(self, one: ScheduledRound) -> tuple[float, float, float]:
        amount = self._fair_share.amount
        return amount(one.group), amount(one.group, one.owner), amount(one.group, one.owner, one.lane)
