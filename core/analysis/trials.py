"""The trials of a search: those of all rounds with the same settings, pooled, with a smoothed accuracy for each.

A trial's accuracy is partly luck: it was measured on few images, from one set of initial weights. The best of sixty
trials is often a lucky one, and beside it lie others that show what its values are worth. So a search is judged by
smoothed accuracies: the mean over the trials near by, the nearer ones counting more (Nadaraya 1964, Watson 1964).

Trials that were given up are part of it with the accuracy to be expected at the end: above guessing, they have grown as
much as those of their round that went on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.analysis.comparable_rounds import bounding_space, settings
from core.analysis.statistics import GUESSING_ACCURACY
from core.progress import RoundProgress
from core.space import SearchSpace

# Standard deviations of the weight of a trial near by, on the scale of each axis. Of the learning rate measured on
# simulated searches of three rounds: from 0.4 to 0.5 what is chosen is equally good, below it follows luck more often.
# Of momentum, dropout and the deviation by how well a trial of 60 on digits is foretold by the others, over 400 trials
# each: 0.35 is best for momentum, between 0.25 and 0.5 little worse; of the other two the nearer the better, down to
# 0.05 and 0.1, and these are twice that, so that several trials count. Of the whole ones half a decade, not measured.
NEAR = {
    "learning_rate": 0.5, "weight_decay": 3.0, "momentum": 0.35, "dropout": 0.1, "deviation": 0.2, "batch_size": 1.5,
    "neurons": 1.5,
}  # fmt: skip
SMALLEST_GROWTH = 0.02  # of accuracy above guessing that a growth is reckoned from
TINY = 1e-9  # a determinant of points that all lie at one place
MAX_JUDGED = 400  # the latest trials that ranges are judged by; time and memory grow with their square


@dataclass(frozen=True, eq=False)
class Trials:
    """The trials of some comparable rounds, in the order of the rounds; those without any score are left out."""

    rounds: tuple[RoundProgress, ...]  # one at least, over
    numbers: tuple[int, ...]  # of the rounds in their lab
    place: np.ndarray  # (n,) of a trial's round in `rounds`
    trial: np.ndarray  # (n,) its index there
    x: np.ndarray  # (n, axes) places on the axes of `space`, in their order
    accuracy: np.ndarray  # (n,) latest validation accuracy
    expected: np.ndarray  # (n,) accuracy at the end: expected where a trial ended early, guessing where it diverged
    epochs: np.ndarray  # (n,) that it was trained
    diverged: np.ndarray  # (n,) bool
    given_up: np.ndarray  # (n,) bool
    ranking: np.ndarray  # (n,) the best first; each round's own order is kept

    @classmethod
    def of(cls, rounds: Sequence[tuple[int, RoundProgress]]) -> "Trials | None":
        """The trials of the rounds that are over and comparable with the last of them; None if there are none.

        rounds: the number and the progress of each, in order
        """
        over = [(number, one) for number, one in rounds if one.status.is_final and one.started]
        same = [(number, one) for number, one in over if settings(one.plan) == settings(over[-1][1].plan)]
        if not same:
            return None
        numbers, progress = zip(*same, strict=True)
        taken = [one.ranking() for one in progress]

        def pooled(values: Sequence[np.ndarray]) -> np.ndarray:
            return np.concatenate([some[which] for some, which in zip(values, taken, strict=True)])

        diverged = pooled([one.diverged for one in progress])
        accuracy = [one.last_validation() for one in progress]
        # each round's order is kept: a trial that ranks lower in its round counts as no better than those before
        lowest = [np.minimum.accumulate(some[which]) for some, which in zip(accuracy, taken, strict=True)]
        place = np.repeat(np.arange(len(progress)), list(map(len, taken)))
        within = np.concatenate([np.arange(len(which)) for which in taken])
        return cls(
            rounds=progress,
            numbers=numbers,
            place=place,
            trial=np.concatenate(taken),
            x=pooled([one.places(progress[-1].plan.space.axes) for one in progress]),
            accuracy=pooled(accuracy),
            expected=pooled([expected_accuracy(one) for one in progress]),
            epochs=pooled([one.epochs_done for one in progress]),
            diverged=diverged,
            given_up=pooled([one.given_up for one in progress]),
            ranking=np.lexsort((within, place, -np.concatenate(lowest), diverged)),
        )

    @property
    def images(self) -> int:
        """Validation images that an accuracy was measured on."""
        return self.rounds[-1].plan.validation_images()

    @property
    def axes(self) -> tuple[str, ...]:
        """What was searched: the columns of `x`."""
        return self.rounds[-1].plan.space.axes

    @property
    def near(self) -> np.ndarray:
        """Standard deviations of the weight of a trial near by, along each axis: (axes,)."""
        return np.array([NEAR[axis] for axis in self.axes])

    @property
    def space(self) -> SearchSpace:
        """The smallest box that holds the ranges of all rounds."""
        return bounding_space([one.plan.space for one in self.rounds])

    @cached_property
    def judged(self) -> np.ndarray:
        """The trials that ranges are judged by, (some,) indices: of rounds in which one came to its end, the latest.

        A round that was stopped before says nothing that compares with others, unless there are no others.
        """
        finished = np.array([bool((one.epochs_done == one.plan.epochs).any()) for one in self.rounds])
        return np.flatnonzero(finished[self.place] | ~finished.any())[-MAX_JUDGED:]

    @cached_property
    def smoothed(self) -> np.ndarray:
        """The mean expected accuracy of the judged trials near each trial: (n,), nan for those that are not judged.

        A trial that ended early counts by the share of its epochs: what it would have reached is known less surely.
        """
        found = np.full(len(self.trial), np.nan)
        shares = np.where(self.diverged, 1.0, self.epochs / self.rounds[-1].plan.epochs)[self.judged]
        found[self.judged] = local_means(self.x[self.judged] / self.near, self.expected[self.judged], shares)
        return found

    def smoothed_along(self, column: int) -> np.ndarray:
        """The accuracy as a curve of one hyperparameter alone, that of a column of `x`: (n,), nan if not judged.

        Local lines instead of means, since means are too flat where a range ends.
        """
        found = np.full(len(self.trial), np.nan)
        found[self.judged] = local_lines((self.x / self.near)[self.judged, column], self.expected[self.judged])
        return found

    @cached_property
    def by_smoothed(self) -> np.ndarray:
        """The judged trials that did not diverge by their smoothed accuracy, (some,) indices, the best first."""
        among = np.flatnonzero(~np.isnan(self.smoothed) & ~self.diverged)
        return among[np.argsort(-self.smoothed[among], kind="stable")]

    @property
    def best(self) -> int | None:
        """The trial with the best accuracy; None if all diverged."""
        return int(self.ranking[0]) if len(self.ranking) and not self.diverged[self.ranking[0]] else None

    @property
    def proposed(self) -> int | None:
        """The trial to choose: the best smoothed accuracy of those trained to their end; None if all diverged."""
        ranked = self.by_smoothed
        ended = ranked[~self.given_up[ranked]]
        return int(ended[0]) if len(ended) else self.best

    def of_round(self, trial: int) -> tuple[int, int]:
        """The number of a trial's round, and its index there."""
        return self.numbers[int(self.place[trial])], int(self.trial[trial])


def expected_accuracy(progress: RoundProgress) -> np.ndarray:
    """The accuracy (trials,) of each trial of a round at its last epoch, nan without any score.

    Where a trial ended early, its part above guessing is scaled as that of the trials that went on; no more than the
    best of them. Where none went on, all stay as they are. Guessing where a trial diverged.
    """
    accuracy = progress.last_validation()
    found = np.where(progress.diverged, GUESSING_ACCURACY, accuracy)
    ended = (progress.epochs_done == progress.plan.epochs) & ~progress.diverged
    if not ended.any():
        return found
    early = (progress.epochs_done > 0) & (progress.epochs_done < progress.plan.epochs)
    for epochs in np.unique(progress.epochs_done[early]):
        before = float(progress.validation_accuracy[ended, epochs - 1].mean()) - GUESSING_ACCURACY
        growth = max((float(accuracy[ended].mean()) - GUESSING_ACCURACY) / max(before, SMALLEST_GROWTH), 1.0)
        which = early & (progress.epochs_done == epochs)
        above = np.maximum(accuracy[which] - GUESSING_ACCURACY, 0)
        found[which] = np.minimum(GUESSING_ACCURACY + above * growth, accuracy[ended].max())
    return found


def local_means(x: np.ndarray, y: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """At each point the mean of all values, weighted by the normal density of their distance and by their own shares.

    x: (n, d)    y, shares: (n,)
    """
    squares = (x**2).sum(axis=1)
    weights = shares * np.exp(x @ x.T - (squares[:, None] + squares) / 2)
    return np.asarray(weights @ y / weights.sum(axis=1))


def local_lines(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """At each point the line through all values, weighted as for local means (W. Cleveland 1979). x, y: (n,)"""
    distance = x - x[:, None]
    weights = np.exp(-(distance**2) / 2)
    zeroth, first, second = weights.sum(axis=1), (weights * distance).sum(axis=1), (weights * distance**2).sum(axis=1)
    determinant = zeroth * second - first**2
    lines = (second * (weights @ y) - first * ((weights * distance) @ y)) / np.maximum(determinant, TINY)
    return np.asarray(np.where(determinant > TINY, lines, weights @ y / zeroth))
