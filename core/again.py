"""The same trials on other seeds: how much of a trial's accuracy is luck.

A seed decides the split into training and validation images, the initial weights and the mini-batches. All trials that
are repeated together meet the same seeds, so their accuracies can be compared seed by seed.
"""

import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from core.engine.local import Engine, RoundHandle
from core.errors import N_, LessonError
from core.plan import LIMITS, RoundPlan
from core.progress import RoundProgress, Status

SEEDS = 5
MOST = 20  # trials repeated at once
AGAIN, FINAL = 4, 5  # what a seed is spent on, beside training.py's purposes


def seeds(seed: int, purpose: int) -> list[int]:
    """SEEDS seeds that follow from one and differ from it and from each other."""
    drawn: list[int] = []
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(purpose,)))
    while len(drawn) < SEEDS:
        new = int(rng.integers(LIMITS["seed"][1] + 1))
        if new not in (seed, *drawn):
            drawn.append(new)
    return drawn


def on_seeds(plan: RoundPlan, values: tuple[tuple[float, float], ...], purpose: int) -> list[RoundPlan]:
    """A round's plan for given trials, once a seed; none is given up. values: (learning rate, weight decay) a trial"""
    whole = plan.to_the_end()
    return [replace(whole, values=values, trials=len(values), seed=seed) for seed in seeds(plan.seed, purpose)]


def spread(accuracy: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation over seeds (n - 1 in the denominator)."""
    return float(np.mean(accuracy)), float(np.std(accuracy, ddof=1))


def tied(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether two trials on the same seeds are told apart by no more than twice the standard error of their difference.

    first, second: (seeds,) accuracies, seed by seed
    """
    difference = np.asarray(first, float) - np.asarray(second, float)
    error = np.std(difference, ddof=1) / np.sqrt(len(difference))
    return bool(abs(difference.mean()) <= 2 * error)


def standing(repeats: dict[int, np.ndarray]) -> tuple[int, list[int], list[int]]:
    """(the trial with the best mean, those that tie with it, those behind it). repeats: trial: accuracies (seeds,)"""
    order = sorted(repeats, key=lambda trial: (-float(np.mean(repeats[trial])), trial))
    leader, *others = order
    even = [trial for trial in others if tied(repeats[leader], repeats[trial])]
    return leader, even, [trial for trial in others if trial not in even]


class Together:
    """Several rounds of one owner that are over when the last of them is and `over_all` has been called.

    rounds: (plan, images to classify) each, at least one
    """

    def __init__(
        self,
        engine: Engine,
        owner: str,
        lane: str,
        rounds: list[tuple[RoundPlan, np.ndarray | None]],
        over_all: Callable[["Together"], None],
    ) -> None:
        self._left = len(rounds)
        self._over_all = over_all
        self._told = False
        self._lock = threading.Lock()
        self.handles: list[RoundHandle] = []
        with self._lock:  # the last round may be over before its handle is here
            try:
                for place, (plan, unseen) in enumerate(rounds):
                    self.handles.append(engine.start(owner, plan, f"{lane}-{place}", unseen, self._one_over))
            except LessonError:
                self.stop()  # so some are never begun, and the last is never over
                raise

    def _one_over(self) -> None:
        with self._lock:
            self._left -= 1
            last = not self._left
        if last:
            try:
                self._over_all(self)
            finally:
                self._told = True

    @property
    def over(self) -> bool:
        """Whether all rounds are, and what they found has been taken in."""
        return self._told

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


class Again:
    """Some trials of a round being trained again, each on SEEDS other seeds.

    trials: their indices in the round    over: told when all is done
    Raises LessonError when they cannot be begun.
    """

    def __init__(
        self,
        engine: Engine,
        owner: str,
        number: int,
        progress: RoundProgress,
        trials: list[int],
        over: Callable[["Again"], None],
    ) -> None:
        if not trials or len(trials) > MOST or not all(0 <= trial < progress.plan.trials for trial in trials):
            raise LessonError(N_("Choose 1 to {most} trials of the round to repeat."), most=MOST)
        self.number, self.trials = number, trials
        self._taken_in = over
        values = tuple((float(progress.learning_rate[one]), float(progress.weight_decay[one])) for one in trials)
        plans = on_seeds(progress.plan, values, AGAIN)
        self._rounds = Together(engine, owner, "again", [(plan, None) for plan in plans], self._over)

    def _over(self, rounds: Together) -> None:
        self._rounds = rounds  # which may be over before the constructor is
        self._taken_in(self)

    @property
    def over(self) -> bool:
        """Whether it has come to an end."""
        return self._rounds.over

    @property
    def share(self) -> float:
        """How much of it is done, 0 to 1."""
        return self._rounds.share

    def stop(self) -> None:
        """Give it up."""
        self._rounds.stop()

    def accuracy(self) -> np.ndarray | None:
        """Validation accuracies after the last epoch, (trials, seeds) float32; None if it was given up."""
        if not self._rounds.finished:
            return None
        last = [handle.progress.last_validation() for handle in self._rounds.handles]
        return np.stack(last, axis=1).astype(np.float32)
