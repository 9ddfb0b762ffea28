"""How much more of some questions a class answers correctly after a lesson than before it, and what chance explains.

Scores are shares of the questions, 0 to 1. Where enough students have answered both times, each is compared with
himself or herself, by Student's t; else the two groups are compared, by B. L. Welch, The generalization of "Student's"
problem when several different population variances are involved, Biometrika 34, 1947. Standard deviations count as one
question at least, so that a few equal scores prove nothing.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from core.analysis.chance_limits import mean_limit
from core.analysis.statistics import ERROR_LEVEL

FEWEST = 5  # students, of whom a gain is said


@dataclass(frozen=True)
class LearningGain:
    """The gain of a class, in shares of the questions."""

    students: int  # who answered both times, or the fewer of the two groups
    is_paired: bool
    before: float  # mean scores
    after: float
    limit: float  # half of the 95% interval of the gain

    @property
    def gain(self) -> float:
        """How much higher the mean score is after the lesson."""
        return self.after - self.before

    @property
    def is_chance(self) -> bool:
        """Whether chance explains the gain."""
        return abs(self.gain) <= self.limit


def learning_gain(before: np.ndarray, after: np.ndarray, pairs: np.ndarray, questions: int) -> LearningGain | None:
    """The gain of a class, None where there are too few answers.

    before: (n,) scores    after: (m,) scores    pairs: (k, 2) those of students who answered both times
    """
    least = 1 / questions
    if len(pairs) >= FEWEST:
        means = pairs.mean(axis=0)
        limit = mean_limit(pairs[:, 1] - pairs[:, 0], least)
        return LearningGain(len(pairs), True, float(means[0]), float(means[1]), limit)
    if min(len(before), len(after)) < FEWEST:
        return None
    errors = [max(float(np.var(one, ddof=1)), least**2) / len(one) for one in (before, after)]
    variance = sum(errors)
    freedom = variance**2 / sum(error**2 / (len(one) - 1) for error, one in zip(errors, (before, after), strict=True))
    limit = float(stdtrit(freedom, 1 - ERROR_LEVEL / 2)) * float(np.sqrt(variance))
    return LearningGain(min(len(before), len(after)), False, float(before.mean()), float(after.mean()), limit)
