"""Rounds in which no trial beats guessing by more than luck: one sentence that says so, and where to look instead.

Nothing else can be said about such rounds: which trial is best, which range is good, what matters is then all luck.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from core.analysis.insight import Insight, insight
from core.analysis.statistics import GUESSING_ACCURACY, beats_guessing
from core.errors import N_
from core.progress import RoundProgress
from core.space import LEARNING_RATE_REACH, STEP, exponent, written

GAP = 0.5  # decades between rates that learn nothing and rates that diverge: so much is worth a look
SETTLED_SHARE = 0.5  # of a round's epochs: before, the order of its trials changes too much to judge ranges


class Direction(Enum):
    """Where to look when nothing has been learned."""

    LOWER = "lower learning rates"
    HIGHER = "higher learning rates"
    BETWEEN = "learning rates between those that learn nothing and those that diverge"
    ELSEWHERE = "other settings: no learning rate is left"
    WAIT = "nowhere yet: the rounds have only begun"


@dataclass(frozen=True)
class NothingLearned:
    """That no trial of some rounds beats guessing. low, high: exponents of the learning rates between which
    all were tried, or for BETWEEN none"""

    direction: Direction
    low: float
    high: float


def nothing_learned(rounds: Sequence[RoundProgress], looks: int = 1) -> NothingLearned | None:
    """Whether no trial of some rounds with the same settings beats guessing, and where to look then.

    None also before any trial has an accuracy.

    looks: how often the rounds are judged: luck that would show in any of so many looks does not count as learning
    """
    scored = [(one, one.ranking()) for one in rounds if len(one.ranking())]
    if not scored or _best_beats_guessing(scored, looks):
        return None
    rates = exponent(np.concatenate([one.learning_rate[ranking] for one, ranking in scored]))
    diverged = np.concatenate([one.diverged[ranking] for one, ranking in scored])
    lowest, highest = float(rates.min()), float(rates.max())
    if not diverged.all() and not any(_is_settled(one) for one, _ in scored):
        return NothingLearned(Direction.WAIT, lowest, highest)
    if not diverged.any():
        ends = highest > LEARNING_RATE_REACH.high - STEP
        return NothingLearned(Direction.ELSEWHERE if ends else Direction.HIGHER, lowest, highest)
    limit = float(rates[diverged].min())
    below = rates[~diverged & (rates < limit)]
    if not len(below):
        ends = lowest < LEARNING_RATE_REACH.low + STEP
        return NothingLearned(Direction.ELSEWHERE if ends else Direction.LOWER, lowest, limit)
    tried = float(below.max())
    return NothingLearned(Direction.BETWEEN if limit - tried >= GAP else Direction.ELSEWHERE, tried, limit)


def guessing_insight(rounds: Sequence[RoundProgress]) -> Insight | None:
    """The one sentence about such rounds, for every page; None when something has been learned, or nothing trained."""
    found = nothing_learned(rounds)
    if found is None:
        return None
    return insight(_TEXT[found.direction], chance=GUESSING_ACCURACY, low=written(found.low), high=written(found.high))


def _best_beats_guessing(scored: list[tuple[RoundProgress, np.ndarray]], looks: int) -> bool:
    """Whether the best of all trials that have not diverged is better than the best of as many that guess."""
    kept = [(one, ranking[~one.diverged[ranking]]) for one, ranking in scored]
    candidates = looks * sum(len(trials) for _, trials in kept)
    return any(
        beats_guessing(float(one.last_validation()[trials].max(initial=0)), one.plan.validation_images(), candidates)
        for one, trials in kept
    )


def _is_settled(progress: RoundProgress) -> bool:
    """Whether a round has come far enough for its trials to have learned."""
    return progress.status.is_final or float(progress.epochs_done.mean()) >= SETTLED_SHARE * progress.plan.epochs


_TEXT = {
    Direction.WAIT: N_("No trial is better than guessing ({chance:.2f}) yet."),
    Direction.HIGHER: N_(
        "No trial is better than guessing ({chance:.2f}), and none diverged. Try learning rates above {high}."
    ),
    Direction.LOWER: N_(
        "No trial is better than guessing ({chance:.2f}): they diverged. Try learning rates below {low}."
    ),
    Direction.BETWEEN: N_(
        "No trial is better than guessing ({chance:.2f}): up to learning rate {low} nothing was learned, from "
        "{high} up trials diverged. Try learning rates in between."
    ),
    Direction.ELSEWHERE: N_(
        "No trial is better than guessing ({chance:.2f}) at any learning rate tried. Train for more epochs, or try a "
        "smaller weight decay."
    ),
}
