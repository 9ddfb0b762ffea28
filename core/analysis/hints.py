"""The best trials of a round, and their values as the list of them names these."""

import numpy as np

from core.progress import RoundProgress
from core.space import AXES, DEFAULT_AXES

BEST = 5  # trials that count as the best


def not_diverged(progress: RoundProgress) -> np.ndarray:
    """The trials with a score that did not diverge, best first."""
    ranking = progress.ranking()
    return np.asarray(ranking[~progress.diverged[ranking]])


def values_line(progress: RoundProgress, trial: int) -> str:
    """What a trial's searched values are: lr:0.0092, weight decay:3.86e-07, momentum:0.95

    Learning rate and weight decay come first, as in the lesson, and the others behind in the order of the space.
    """
    axes = progress.plan.space.axes
    ordered = [axis for axis in DEFAULT_AXES if axis in axes] + [axis for axis in axes if axis not in DEFAULT_AXES]
    written = ((AXES[axis], progress.hyperparameters[axis][trial].item()) for axis in ordered)
    return ", ".join(f"{axis.short}:{axis.written(value)}" for axis, value in written)
