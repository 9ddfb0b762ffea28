"""What the scheduler keeps about one round: its shares, one for each worker, its rungs and its clock.

Trials that go on stay with their workers, and more of them may be left with one than with another. Counted on 16 rounds
of 100 trials x 50 epochs on two workers with the usual rungs, the busier one trains 8% more than its half, 17% at most.
Moving weights between workers could win no more than that, and only for an owner who has the machine alone: in a class
the worker that is done first takes another round.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property

import numpy as np

from core.data.datasets import TrainingImages
from core.engine.memory import Demand, demand
from core.engine.protocol import SliceReport
from core.engine.trial_costs import epoch_operations, trial_costs
from core.engine.trial_shares import ScheduledShare
from core.errors import LessonError
from core.plan import RoundPlan
from core.progress import RoundProgress, Status


class Rank(IntEnum):
    """Whose turn comes first."""

    CLASS = 0  # in a class, and there
    OTHER = 1
    ABSENT = 2


@dataclass(eq=False)
class ScheduledRound:
    """One round in the engine: changed by the scheduler alone, under the engine's lock.

    Its plan says what is trained, its progress what can be seen; this holds what only the scheduler needs beside them.
    """

    key: int
    owner: str
    group: str  # see Owner, as the next one
    in_class: bool
    source: TrainingImages | None  # None once the round has ended: a lab keeps its rounds, not their images
    progress: RoundProgress
    shares: list[ScheduledShare]  # one for each worker; an empty one is finished from the start
    lane: str = "round"  # an owner has one round in each lane
    at_once: bool = True  # whether its first slices come before all others
    images_to_predict: np.ndarray | None = None  # (images, pixels) uint8
    on_end: Callable[[], None] | None = None  # called once when the round has ended
    running_since: float | None = None  # seconds of the scheduler's clock, as the next one
    paused_at: float | None = None
    waiting_since: float = 0.0  # for memory
    absent_since: float | None = None  # since when its owner has been away
    has_memory: bool = False  # whether it takes memory in the workers
    memory_since: float = 0.0
    times_set_aside: int = 0  # how often it gave its memory back, to be begun again
    times_interrupted: int = 0  # how often it did while its owner was there and it was in training
    begun_again: bool = False  # whether epochs that it shows are to be trained once more
    fault: LessonError | None = None  # why it failed
    rung: int = 0  # how many rungs have been decided

    @property
    def plan(self) -> RoundPlan:
        return self.progress.plan

    @property
    def status(self) -> Status:
        return self.progress.status

    @property
    def rank(self) -> Rank:
        """Whose turn comes first."""
        return Rank.ABSENT if self.absent_since is not None else Rank.CLASS if self.in_class else Rank.OTHER

    @cached_property
    def demand(self) -> Demand:
        """The memory that it needs."""
        return demand(self.plan, len(self.shares))

    @property
    def stop_epoch(self) -> int:
        """The epoch of the next rung; the last one of the round when no rung is left."""
        return [*self.plan.give_up, self.plan.epochs][self.rung]

    def operations_left(self) -> float:
        """Floating-point operations to the end, without those of trials that the rungs to come will give up."""
        return epoch_operations(self.progress) * (self.progress.epochs_left + self._epochs_to_repeat())

    def operations_of(self, report: SliceReport) -> float:
        """Floating-point operations of what a slice has trained."""
        each = trial_costs(self.plan).operations
        return float(sum(each[scores.trials].sum() for scores in report.scores))

    def _epochs_to_repeat(self) -> int:
        """Epochs that are shown and are to be trained once more."""
        if not self.begun_again:
            return 0
        shown = np.where(self.progress.diverged, 0, self.progress.epochs_done)
        shares = [share for share in self.shares if not share.finished]
        return sum(
            max(int(shown[trial]) - share.epochs_trained.get(trial, 0), 0) for share in shares for trial in share.trials
        )

    def publish(self, **changes: object) -> None:
        """The next version of the progress."""
        self.progress = replace(self.progress, version=self.progress.version + 1, **changes)  # type: ignore[arg-type]

    def seconds(self, now: float) -> float:
        """Seconds that the round has run until now; the clock goes on from here."""
        if self.running_since is None:
            return self.progress.seconds
        seconds = self.progress.seconds + now - self.running_since
        self.running_since = now
        return seconds

    def set_aside(self, now: float) -> list[int]:
        """Give the memory back, to be begun again later to the same results; the workers that are to forget it.

        What is shown stays, and so do the rungs that are decided and the trials that are given up.
        """
        held = [worker for worker, share in enumerate(self.shares) if share.in_memory]
        for worker in range(len(self.shares)):
            self.lose_share(worker)
        self.has_memory, self.at_once, self.times_set_aside = False, False, self.times_set_aside + 1
        if self.status is Status.RUNNING:
            self.times_interrupted += self.absent_since is None
            seconds, self.running_since, self.waiting_since = self.seconds(now), None, now
            self.publish(status=Status.WAITING, seconds=seconds)
        return held

    def lose_share(self, worker: int) -> bool:
        """A worker has its share no longer and begins it again; whether that has finished it: all was given up."""
        share = self.shares[worker]
        was_finished, share.finished = share.finished, share.finished or not share.trials
        share.in_memory, share.epochs_trained, self.begun_again = False, {}, True
        return share.finished and not was_finished

    def give_up(self, trials: Sequence[int]) -> None:
        """Train some trials no further; nothing happens to those that have come to their end."""
        before = self.progress
        self.progress = before.with_given_up(np.array(trials, int))
        self._drop_given_up_since(before)

    def decide_rung(self) -> bool:
        """Give up the trials that fall behind, once all shares that are not finished have come to the rung; if so."""
        unfinished = [share for share in self.shares if not share.finished]
        if not unfinished or not all(share.at_rung for share in unfinished):
            return False
        before = self.progress
        self.progress = before.with_rung(self.rung)
        self.rung += 1
        for share in unfinished:
            share.at_rung = False
        self._drop_given_up_since(before)
        return True

    def _drop_given_up_since(self, before: RoundProgress) -> None:
        """Take those trials out of the shares that have been given up since a version."""
        given_up = set(np.flatnonzero(self.progress.given_up & ~before.given_up).tolist())
        for share in self.shares:
            share.dropped_trials |= given_up.intersection(share.trials)
            share.trials = tuple(trial for trial in share.trials if trial not in given_up)
            if not share.trials and not share.in_memory:
                share.finished = True
