"""The best trials of a round."""

import numpy as np

from core.progress import RoundProgress

BEST = 5  # trials that count as the best


def not_diverged(progress: RoundProgress) -> np.ndarray:
    """The trials with a score that did not diverge, best first."""
    ranking = progress.ranking()
    return np.asarray(ranking[~progress.diverged[ranking]])
