"""One student's rounds in a class: their trials, the epochs spent, and the best accuracy so far.

Only rounds on the class's own images count: accuracies on others cannot be compared. All arrays are computed once a
round and put together again only when a student's rounds have changed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.plan import RoundPlan
from core.progress import RoundProgress
from core.space import SearchSpace, exponent
from core.training.round_data import images_key

NEVER = -math.inf  # the best accuracy of a student who has none


@dataclass(frozen=True, eq=False)
class RoundSummary:
    """A round: its trials, and epochs spent and best accuracy as if all were trained side by side, epoch by epoch.

    Kept beside the RoundProgress that it is computed from, since a board reads it for every student every two seconds.
    """

    progress: RoundProgress
    trial: np.ndarray  # (n,) those that have begun
    values: np.ndarray  # (n, 4) exponents of learning rate and weight decay, latest accuracy, whether it diverged
    spent: np.ndarray  # (epochs,) epochs of all trials together
    best: np.ndarray  # (epochs,) the best trial's accuracy then; NEVER when all diverged


@dataclass(frozen=True, eq=False)
class StudentHistory:
    """One student's rounds, with epochs spent and best accuracy after each."""

    rounds: tuple[RoundSummary, ...]  # on the class's images, with a trial that has begun
    spent: np.ndarray  # (rounds,) epochs when each was over, or so far
    best: np.ndarray  # (rounds,) best accuracy of the student then; NEVER without any
    trials: np.ndarray  # (n, 2) place in `rounds` and trial, of every trial that has begun
    values: np.ndarray  # (n, 4) as in RoundSummary
    space: SearchSpace | None  # ranges of the latest round
    running: bool
    left_out: int  # rounds on other images

    @property
    def total(self) -> int:
        """Epochs spent so far."""
        return int(self.spent[-1]) if len(self.spent) else 0


def comparable(plan: RoundPlan, like: RoundPlan) -> bool:
    """Whether accuracies of two plans are measured on images of the same kind and number."""
    return (images_key(plan), plan.validation_rate) == (images_key(like), like.validation_rate)


def summarize_round(progress: RoundProgress) -> RoundSummary:
    """A round's trials, with epochs spent and best accuracy after every epoch."""
    done, reached = progress.epochs_done, int(progress.epochs_done.max(initial=0))
    begun = np.flatnonzero(done > 0)
    logs = exponent(progress.learning_rate), exponent(progress.weight_decay)
    values = np.column_stack([*logs, progress.last_validation(), progress.diverged])[begun]
    at = np.arange(reached)
    spent = np.minimum(done[:, None], at + 1).sum(axis=0)
    not_diverged = begun[~progress.diverged[begun]]
    if not len(not_diverged):
        return RoundSummary(progress, begun, values, spent, np.full(reached, NEVER))
    latest = np.minimum(at, done[not_diverged, None] - 1)  # a trial that has stopped keeps its last accuracy
    best = progress.validation_accuracy[not_diverged[:, None], latest].max(axis=0).astype(float)
    return RoundSummary(progress, begun, values, spent, best)


def build_history(rounds: Sequence[RoundSummary], like: RoundPlan) -> StudentHistory:
    """A student's rounds, in their order. like: a plan on the class's images"""
    alike = [one for one in rounds if comparable(one.progress.plan, like)]
    begun = [one for one in alike if len(one.trial)]
    places = np.repeat(np.arange(len(begun)), [len(one.trial) for one in begun])
    return StudentHistory(
        tuple(begun),
        np.cumsum([int(one.spent[-1]) for one in begun], dtype=int),
        np.maximum.accumulate(np.array([float(one.best[-1]) for one in begun])),
        np.column_stack([places, np.concatenate([np.zeros(0, int), *(one.trial for one in begun)])]),
        np.concatenate([np.zeros((0, 4)), *(one.values for one in begun)]),
        alike[-1].progress.plan.space if alike else None,
        bool(rounds) and not rounds[-1].progress.status.is_final,
        sum(len(one.trial) > 0 for one in rounds) - len(begun),
    )


def best_within_budget(one: StudentHistory, budget: int) -> float:
    """The best accuracy that a student had when at most `budget` epochs were spent."""
    over = int(np.searchsorted(one.spent, budget, side="right"))  # rounds that fit in whole
    best, spent = (float(one.best[over - 1]), int(one.spent[over - 1])) if over else (NEVER, 0)
    if over < len(one.rounds):
        deep = one.rounds[over]
        reached = int(np.searchsorted(deep.spent, budget - spent, side="right"))
        if reached:
            best = max(best, float(deep.best[reached - 1]))
    return best
