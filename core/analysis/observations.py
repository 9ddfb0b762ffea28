"""The trials of a lab that were trained with the same settings: what models of the accuracy are fitted to.

x  # (trials, axes) places on the axes of the space        y  # (trials,) validation accuracy
"""

from dataclasses import dataclass

import numpy as np

from core.analysis.comparable_rounds import bounding_space, comparable_rounds
from core.analysis.statistics import GUESSING_ACCURACY
from core.progress import RoundProgress
from core.space import SearchSpace

MIN_FITTED, MAX_FITTED = 10, 200  # trials that a model is fitted to; time grows with their cube


@dataclass(frozen=True, eq=False)
class Observations:
    """Trials that were trained with the same settings."""

    x: np.ndarray  # (trials, axes) exponents, or places on a plain scale
    y: np.ndarray  # (trials,) validation accuracy; that of guessing where a trial diverged
    space: SearchSpace  # the smallest box that holds the ranges of all rounds
    rounds: np.ndarray  # (trials,) the place of each one's round among the comparable ones
    tried: np.ndarray  # (all, axes) places of all their trials, those that were given up or left out too
    images: int  # that validate
    left_out: int = 0  # trials beyond MAX_FITTED


def observations(rounds: list[RoundProgress]) -> Observations | None:
    """The trials of all rounds that were trained to their end with the settings of the last one; None if too few.

    Of more than MAX_FITTED the latest half of MAX_FITTED is taken, and as many of those before, evenly spread.
    """
    same = comparable_rounds(rounds)
    kept = [one.epochs_done == one.plan.epochs for one in same]
    if sum(int(which.sum()) for which in kept) < MIN_FITTED:
        return None
    tried = [one.places(same[-1].plan.space.axes) for one in same]
    y = [np.where(one.diverged, GUESSING_ACCURACY, one.last_validation()) for one in same]
    place = [np.full(one.plan.trials, number) for number, one in enumerate(same)]
    ended = np.flatnonzero(np.concatenate(kept))
    taken = ended[subsample(len(ended))]
    return Observations(
        x=np.concatenate(tried)[taken],
        y=np.concatenate(y)[taken],
        space=bounding_space([one.plan.space for one in same]),
        rounds=np.concatenate(place)[taken],
        tried=np.concatenate(tried),
        images=same[-1].plan.validation_images(),
        left_out=len(ended) - len(taken),
    )


def subsample(count: int) -> np.ndarray:
    """The indices of the trials that a model is fitted to, of so many."""
    if count <= MAX_FITTED:
        return np.arange(count)
    latest = MAX_FITTED // 2
    before = np.linspace(0, count - latest - 1, MAX_FITTED - latest).round().astype(int)
    return np.concatenate([before, np.arange(count - latest, count)])


def scaled(x: np.ndarray, space: SearchSpace) -> np.ndarray:
    """Places as shares of a box's width, along a fixed range as they are. x: (..., axes)"""
    low = np.array([range_.low for range_ in space.ranges().values()])
    width = np.array([range_.width or 1.0 for range_ in space.ranges().values()])
    return np.asarray((x - low) / width)
