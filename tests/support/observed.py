"""Observations made up for a test, over ranges of four decades each."""

import numpy as np

from core.analysis.observations import Observations
from core.space import LogRange, SearchSpace

SPACE = SearchSpace(LogRange(-6, -2), LogRange(-8, -4))


def drawn(count: int, seed: int = 0) -> np.ndarray:
    """Exponents in the box, (count, 2)."""
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.uniform(-6, -2, count), rng.uniform(-8, -4, count)])


def smooth(x: np.ndarray) -> np.ndarray:
    """An accuracy that rises with the learning rate alone, to a top at 10 ** -3."""
    return np.asarray(0.1 + 0.7 * np.exp(-((x[..., 0] + 3) ** 2)))


def observed(
    x: np.ndarray, y: np.ndarray, space: SearchSpace = SPACE, rounds: np.ndarray | None = None
) -> Observations:
    """Trials with these exponents and accuracies. rounds: (trials,) the round of each; None: all of one"""
    return Observations(x, y, space, np.zeros(len(y), int) if rounds is None else rounds, x, images=100)
