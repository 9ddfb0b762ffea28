"""Repeats of trials on other seeds: how much of a trial's accuracy is luck.

A seed decides the split into training and validation images, the initial weights and the mini-batches. All trials that
are repeated together are trained on the same seeds, so their accuracies can be compared seed by seed.
"""

import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from core.engine.port import Engine, RoundHandle
from core.errors import N_, LessonError
from core.plan import SEED_COUNT, RoundPlan
from core.progress import RoundProgress, Status
from core.training.random_streams import SeedPurpose, generator

SEEDS = 5  # that a trial is repeated on
MAX_REPEATED = 20  # trials repeated at once


def seeds(seed: int, purpose: SeedPurpose) -> list[int]:
    """SEEDS seeds derived from one, different from it and from each other.

    purpose: what they are spent on; each has seeds of its own
    """
    derived: list[int] = []
    rng = generator(seed, purpose)
    while len(derived) < SEEDS:
        new = int(rng.integers(SEED_COUNT))
        if new not in (seed, *derived):
            derived.append(new)
    return derived


def plans_on_seeds(plan: RoundPlan, values: tuple[tuple[float, ...], ...], purpose: SeedPurpose) -> list[RoundPlan]:
    """A round's plan for given trials, once a seed; none is given up. values: as a plan has them"""
    whole = plan.to_the_end()
    return [replace(whole, values=values, trials=len(values), seed=seed) for seed in seeds(plan.seed, purpose)]


class RoundGroup:
    """Several rounds of one owner, done when the last of them is over and `on_end` has returned.

    rounds: (plan, images to classify) each, at least one
    on_end: called once, in a thread of the engine's, also when rounds were stopped
    Raises LessonError when they cannot all be begun; then none is left running.
    """

    def __init__(
        self,
        engine: Engine,
        owner: str,
        lane: str,
        rounds: list[tuple[RoundPlan, np.ndarray | None]],
        on_end: Callable[["RoundGroup"], None],
    ) -> None:
        self._unfinished = len(rounds)
        self._on_end = on_end
        self._ended = False
        self._lock = threading.Lock()
        self.handles: list[RoundHandle] = []
        with self._lock:  # the last round may be over before its handle is here
            try:
                for place, (plan, unseen) in enumerate(rounds):
                    self.handles.append(engine.start(owner, plan, f"{lane}-{place}", unseen, self._on_round_end))
            except LessonError:
                self.stop()  # some are never begun, so that _unfinished stays above 0
                raise

    def _on_round_end(self) -> None:
        with self._lock:
            self._unfinished -= 1
            last = not self._unfinished
        if last:
            try:
                self._on_end(self)
            finally:
                self._ended = True

    @property
    def is_done(self) -> bool:
        """Whether all rounds are over and their results have been entered."""
        return self._ended

    @property
    def finished(self) -> bool:
        """Whether all rounds came to their end."""
        return all(handle.progress.status is Status.FINISHED for handle in self.handles)

    @property
    def share(self) -> float:
        """How much of the work is done, 0 to 1."""
        progress = [handle.progress for handle in self.handles]
        return sum(int(one.epochs_done.sum()) for one in progress) / sum(one.epochs_expected() for one in progress)

    def stop(self) -> None:
        """End all of them."""
        for handle in self.handles:
            handle.stop()


class SeedRepeat:
    """Some trials of a round being trained again, each on SEEDS other seeds.

    trials: their indices in the round    on_end: called when all rounds are over
    Raises LessonError when they cannot be begun.
    """

    def __init__(
        self,
        engine: Engine,
        owner: str,
        number: int,
        progress: RoundProgress,
        trials: list[int],
        on_end: Callable[["SeedRepeat"], None],
    ) -> None:
        if not trials or len(trials) > MAX_REPEATED or not all(0 <= trial < progress.plan.trials for trial in trials):
            raise LessonError(N_("Choose 1 to {most} trials of the round to repeat."), most=MAX_REPEATED)
        self.number, self.trials = number, trials
        self._on_end = on_end
        values = tuple(map(progress.values, trials))
        plans = plans_on_seeds(progress.plan, values, SeedPurpose.SEED_REPEAT)
        self._rounds = RoundGroup(engine, owner, "seed-repeat", [(plan, None) for plan in plans], self._on_group_end)

    def _on_group_end(self, rounds: RoundGroup) -> None:
        self._rounds = rounds  # the last round may be over before the constructor has returned
        self._on_end(self)

    @property
    def is_done(self) -> bool:
        """Whether it has come to an end."""
        return self._rounds.is_done

    @property
    def share(self) -> float:
        """How much of it is done, 0 to 1."""
        return self._rounds.share

    def stop(self) -> None:
        """End it; nothing of it is entered."""
        self._rounds.stop()

    def accuracy(self) -> np.ndarray | None:
        """Validation accuracies after the last epoch, (trials, seeds) float32; None if a round was ended early."""
        if not self._rounds.finished:
            return None
        last = [handle.progress.last_validation() for handle in self._rounds.handles]
        return np.stack(last, axis=1).astype(np.float32)
