"""Where the good values of a hyperparameter lie: those of the trials that are not behind the best."""

import numpy as np

from core.analysis.comparisons import behind_best
from core.analysis.hints import not_diverged
from core.analysis.statistics import beats_guessing
from core.progress import RoundProgress
from core.space import LogRange, exponent


def not_behind(progress: RoundProgress) -> np.ndarray:
    """The trials that cannot be told apart from the best by more than chance: (some,) indices, the best first.

    None if the best is no better than guessing.
    """
    ranked = not_diverged(progress)
    accuracy, images = progress.last_validation()[ranked], progress.plan.validation_images()
    if not len(ranked) or not beats_guessing(float(accuracy.max()), images, len(ranked)):
        return ranked[:0]
    return np.asarray(ranked[~behind_best(accuracy, images)])


def good_range(progress: RoundProgress, axis: str) -> LogRange | None:
    """The exponents of these trials; None if no trial is better than guessing."""
    good = not_behind(progress)
    if not len(good):
        return None
    found = exponent(getattr(progress, axis)[good])
    return LogRange(float(found.min()), float(found.max()))
