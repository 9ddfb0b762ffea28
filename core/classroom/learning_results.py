"""What the answers of a class show together: shares of right answers before and after a lesson, and the gain."""

from dataclasses import dataclass

import numpy as np

from core.analysis.learning_gain import FEWEST, LearningGain, learning_gain
from core.classroom.class_questions import QUESTIONS, Answers, ClassAnswers, right


@dataclass(frozen=True, eq=False)
class LearningResults:
    """The answers of a class; a phase that too few have answered is left out, since it would show who answered how."""

    before: np.ndarray | None  # (questions,) shares of right answers
    after: np.ndarray | None
    count_before: int  # students
    count_after: int
    gain: LearningGain | None


def learning_results(answers: ClassAnswers) -> LearningResults:
    """The results of a class."""
    both = sorted(answers.before.keys() & answers.after.keys())
    before, after = (_right([*found.values()]) for found in (answers.before, answers.after))
    pairs = np.array([[np.mean(right(found[who])) for found in (answers.before, answers.after)] for who in both])
    gain = learning_gain(before.mean(axis=1), after.mean(axis=1), pairs.reshape(-1, 2), len(QUESTIONS))
    shown = [found.mean(axis=0) if len(found) >= FEWEST else None for found in (before, after)]
    return LearningResults(shown[0], shown[1], len(before), len(after), gain)


def _right(found: list[Answers]) -> np.ndarray:
    """Which answers are right, (students, questions) bool."""
    return np.array([right(one) for one in found], bool).reshape(-1, len(QUESTIONS))
