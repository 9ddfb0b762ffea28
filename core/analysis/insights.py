"""Insights into a round: sentences computed from its numbers, none where the numbers show nothing."""

from collections.abc import Iterator

import numpy as np

from core.analysis.comparisons import behind_best
from core.analysis.guessing import guessing_insight
from core.analysis.hints import BEST, not_diverged
from core.analysis.insight import Insight, insight
from core.errors import N_
from core.progress import RoundProgress
from core.space import AXES

AXIS_HELP = {name: axis.help for name, axis in AXES.items()}
AXIS_NAMES = {name: axis.label for name, axis in AXES.items()}


def insights(progress: RoundProgress) -> list[Insight]:
    """All insights into a round as it is now, the most useful first."""
    ranking, ranked = progress.ranking(), not_diverged(progress)
    if not len(ranking):
        return []
    guessing = guessing_insight([progress])
    if guessing is not None:
        return [guessing]
    accuracy = progress.last_validation()
    images = progress.plan.validation_images()
    found = [*_divergence(progress, ranking), *_given_up(progress)]
    racing = ~progress.given_up
    compared = ranked[racing[ranked]]
    tied = int((~behind_best(accuracy[compared], images)).sum())
    if racing.all() and len(ranked) >= BEST and tied == len(ranked):
        difference = round(float(accuracy[ranked[0]] - accuracy[ranked[-1]]) * images)
        return [*found, insight(_ALL_TIE, images=difference, count=images)]
    return [*found, *_ties(accuracy[compared[:tied]], images)]


_ALL_TIE = N_(
    "All trials tie: from the best to the worst it is {images} of {count} validation images, which chance can explain. "
    "Inside these ranges no trial is clearly better."
)


def _ties(accuracy: np.ndarray, images: int) -> Iterator[Insight]:
    """How far down from Best-1 the differences may be chance. accuracy: of those that tie, the best first"""
    if len(accuracy) > 1:
        yield insight(
            N_(
                "Best-1 to Best-{last} differ by {difference} of {count} validation images, which chance can explain: "
                "a tie."
            ),
            last=len(accuracy),
            difference=round(float(accuracy[0] - accuracy[-1]) * images),
            count=images,
        )


def _given_up(progress: RoundProgress) -> Iterator[Insight]:
    """How many trials were given up, and how to know them."""
    count = int(progress.given_up.sum())
    if count:
        yield insight(
            N_(
                "{count} of {trials} trials were given up early (hollow circles on the map; their curves end there). "
                "They rank below all that went on."
            ),
            count=count,
            trials=progress.plan.trials,
        )


def _divergence(progress: RoundProgress, ranking: np.ndarray) -> Iterator[Insight]:
    """Where trials diverged."""
    diverged = progress.learning_rate[ranking[progress.diverged[ranking]]]
    if len(diverged):
        yield insight(
            N_(
                "{count} of {trials} trials diverged (crosses on the map), all of them at learning rates from "
                "{lowest:.2g} up."
            )
            if "learning_rate" in progress.plan.space
            else N_("{count} of {trials} trials diverged (crosses on the map)."),
            count=len(diverged),
            trials=progress.plan.trials,
            lowest=float(diverged.min()),
        )
