"""The board of a class: all its trials together, its ranking at equal budget, what its final tests show.

Arrays are over all trials of the class (n,) or over its students. One student's rounds are in student_history.py.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.analysis.chance_limits import mean_limit
from core.analysis.comparisons import least_difference
from core.analysis.guessing import guessing_insight
from core.analysis.insight import Insight
from core.analysis.statistics import beats_guessing, standard_error, standard_error_of_mean
from core.classroom.ranking import EqualBudgetRanking, Rank
from core.classroom.student_history import NEVER, StudentHistory, best_within_budget
from core.plan import RoundPlan
from core.progress import RoundProgress

BEST = 20  # trials of the class
MAX_MAP_TRIALS = 1200  # on the map, drawn at random from all, besides the best
ROUNDING = 1e-6  # of a float32 accuracy


@dataclass(frozen=True)
class FinalResult:
    """A student's final test, in accuracies from 0 to 1."""

    seat: int
    selection_accuracy: float | None  # the validation accuracy that the value was chosen by, None without one
    repeat_accuracy: float  # mean validation accuracy of the same value on other seeds
    test_accuracy: float  # mean
    expected_loss: float  # by how much choosing among so many trials is expected to make selection_accuracy too high
    validation_images: int


@dataclass(frozen=True)
class SelectionOptimism:
    """How far the accuracies that values were chosen by are too high: means over the students who chose by one."""

    count: int
    selection_accuracy: float
    repeat_accuracy: float
    test_accuracy: float
    error: float  # standard error of the mean of selection_accuracy - repeat_accuracy; nan for a single student
    below: int  # students whose test accuracy is below their selection accuracy
    expected: float  # what choosing is expected to make of the difference
    is_chance: bool  # whether the difference is no larger than chance explains
    is_expected: bool  # whether it is no larger than choosing and chance explain


@dataclass(frozen=True, eq=False)
class Board:
    """The rounds of a class as they are now."""

    seats: np.ndarray  # (students,) with a round that has begun
    histories: tuple[StudentHistory, ...]  # of each
    seat: np.ndarray  # (n,) of each trial
    place: np.ndarray  # (n,) of the trial's round in its student's history
    trial: np.ndarray  # (n,)
    lr: np.ndarray  # (n,) exponent
    wd: np.ndarray  # (n,) exponent
    validation: np.ndarray  # (n,) latest accuracy
    diverged: np.ndarray  # (n,) bool
    map_sample: np.ndarray  # indices into (n,) of the trials on the map, the best last
    best: np.ndarray  # indices into (n,) of the class's Best-20, the best first
    ranking: EqualBudgetRanking
    guessing: Insight | None  # said instead of the ranking while nobody's trials are better than guessing
    finals: tuple[FinalResult, ...]
    joined: int  # students in the class

    @property
    def rounds(self) -> int:
        """Rounds that the class has begun."""
        return sum(len(one.rounds) for one in self.histories)

    @property
    def epochs(self) -> int:
        """Epochs that the class has spent."""
        return sum(one.total for one in self.histories)

    @property
    def running(self) -> int:
        """Students with a round under way."""
        return sum(one.running for one in self.histories)

    @property
    def left_out(self) -> int:
        """Rounds on other images."""
        return sum(one.left_out for one in self.histories)

    def hyperparameter(self, axis: str, indices: np.ndarray) -> np.ndarray:
        """Values of some trials on an axis of AXES, whether their rounds searched it or not. indices: into (n,)"""
        trials = (self.curve(int(index)) for index in indices)
        return np.array([progress.hyperparameters[axis][trial] for progress, trial in trials])

    def curve(self, index: int) -> tuple[RoundProgress, int]:
        """The round of a trial and its number in it. index: into (n,)"""
        history = self.histories[int(np.searchsorted(self.seats, self.seat[index]))]
        return history.rounds[int(self.place[index])].progress, int(self.trial[index])


# ---------------------------------------------------------------------------------------------------- the class


def build_board(
    histories: dict[int, StudentHistory], finals: Sequence[FinalResult], joined: int, like: RoundPlan
) -> Board:
    """The board of a class.

    histories: by seat, in rising order    joined: students in the class    like: a plan on the class's images
    """
    begun = {seat: one for seat, one in histories.items() if one.rounds}
    trials = np.concatenate([np.zeros((0, 2), int), *(one.trials for one in begun.values())])
    values = np.concatenate([np.zeros((0, 4)), *(one.values for one in begun.values())])
    seat = np.repeat(np.array(list(begun), int), [len(one.trials) for one in begun.values()])
    lr, wd, validation, diverged = values[:, 0], values[:, 1], values[:, 2], values[:, 3].astype(bool)
    best, images = highest(np.where(diverged, NEVER, validation), BEST), like.validation_images()
    learned = len(best) and beats_guessing(float(validation[best[0]]), images, int((~diverged).sum()))
    rounds = [summary.progress for one in begun.values() for summary in one.rounds]
    guessing = None if learned else guessing_insight(rounds)
    return Board(
        np.array(list(begun), int), tuple(begun.values()), seat, trials[:, 0], trials[:, 1], lr, wd, validation,
        diverged, map_sample(np.column_stack([seat, trials]), best), best,
        rank_at_equal_budget(begun, images), guessing, tuple(finals), joined,
    )  # fmt: skip


def highest(accuracy: np.ndarray, count: int) -> np.ndarray:
    """Indices of the `count` highest accuracies, the highest first; NEVER is not counted."""
    last = np.partition(accuracy, -count)[-count] if len(accuracy) > count else NEVER
    among = np.flatnonzero((accuracy >= last) & (accuracy > NEVER))  # so that only a few are sorted
    return among[np.argsort(-accuracy[among], kind="stable")][:count]


def map_sample(which: np.ndarray, best: np.ndarray) -> np.ndarray:
    """Indices of the trials on the map: a random sample that stays the same as trials are added, then the best.

    which: (n, 3) seat, round and trial    best: indices of those that are always in it, the best first
    """
    few = len(which) <= MAX_MAP_TRIALS
    chosen = np.arange(len(which)) if few else np.argpartition(stable_hash(which), MAX_MAP_TRIALS)[:MAX_MAP_TRIALS]
    return np.concatenate([np.setdiff1d(chosen, best), best[::-1]]).astype(int)


def stable_hash(which: np.ndarray) -> np.ndarray:
    """A pseudo-random number for each trial, which depends on the trial alone. which: (n, 3) seat, round, trial"""
    mixed = which[:, 0].astype(np.uint64)
    for column in (which[:, 1], which[:, 2], np.zeros(len(which))):
        mixed = (mixed ^ (mixed >> np.uint64(31))) * np.uint64(0x9E3779B97F4A7C15) + column.astype(np.uint64)
    return np.asarray(mixed ^ (mixed >> np.uint64(29)))


def selection_optimism(finals: Sequence[FinalResult]) -> SelectionOptimism | None:
    """What the final tests of a class show together; None when nobody chose by a validation accuracy."""
    chosen = [one for one in finals if one.selection_accuracy is not None]
    rows = np.array([(one.selection_accuracy, one.repeat_accuracy, one.test_accuracy) for one in chosen])
    if not len(rows):
        return None
    selection, repeat, test = rows.T
    loss, expected = selection - repeat, np.array([one.expected_loss for one in chosen])
    error = standard_error_of_mean(loss) if len(rows) > 1 else math.nan
    means = float(selection.mean()), float(repeat.mean()), float(test.mean())
    least = [standard_error(one.repeat_accuracy, one.validation_images) ** 2 for one in chosen]
    limit = mean_limit(loss, math.sqrt(float(np.mean(least)))) if len(rows) > 1 else math.inf
    beyond = mean_limit(loss - expected, math.sqrt(float(np.mean(least)))) if len(rows) > 1 else math.inf
    return SelectionOptimism(
        len(rows), *means, error, int((test < selection).sum()), float(expected.mean()),
        is_chance=bool(abs(loss.mean()) <= limit), is_expected=bool((loss - expected).mean() <= beyond),
    )  # fmt: skip


def rank_at_equal_budget(histories: dict[int, StudentHistory], images: int) -> EqualBudgetRanking:
    """The ranking by the best accuracy at equal budget: the epochs that half of the students have spent.

    Each is the best of many trials, so a student shares the place of another unless their difference is more than
    chance explains among the trials of all.    images: how many validate
    """
    if not histories:
        return EqualBudgetRanking(0, ())
    budget = int(np.sort([one.total for one in histories.values()])[len(histories) // 2])
    found = [(seat, best_within_budget(one, budget), min(one.total, budget)) for seat, one in histories.items()]
    ranked = sorted((one for one in found if one[1] > NEVER), key=lambda one: (-one[1], one[0]))
    trials = sum(len(one.trials) for one in histories.values())
    places: list[int] = []
    for above, (_, accuracy, _) in enumerate(ranked):
        first = ranked[places[-1] - 1][1] if places else NEVER
        close = first - accuracy <= least_difference(first, images, trials) + ROUNDING if places else False
        places.append(places[-1] if close else above + 1)
    ranks = tuple(
        Rank(seat, place, places.count(place) > 1, accuracy, spent)
        for place, (seat, accuracy, spent) in zip(places, ranked, strict=True)
    )
    return EqualBudgetRanking(budget, ranks, least_difference(ranked[0][1], images, trials) if ranked else 0.0)
