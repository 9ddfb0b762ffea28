"""Where to look next, as far as a round's numbers tell: which edges its ranges should move beyond, and what follows.

A range ends too early where its best trials crowd at an edge. A few may do so by chance, so they must also lie further
out than chance puts them: their ranks among all trials of the round, by exponent, are compared with those of as many
drawn at random (F. Wilcoxon, Individual comparisons by ranking methods, Biometrics Bulletin 1, 1945). And where good
learning rates happen to have met large weight decays, the weight decay looks as if it mattered: so the weaker of the
two is judged only among trials that are alike in the stronger one.
"""

import math
from dataclasses import dataclass

import numpy as np

from core.plan import CLASSES
from core.progress import RoundProgress
from core.space import REACHES, STEP, LogRange, SearchSpace, exponent

BEST = 5  # the best trials that hints speak of
EDGE = 0.05  # of a range's width counts as its edge
OUTER = 0.25  # of a range's width counts as its outer part
ROUNDING = 1e-9  # a value on the line counts
UNLIKELY = 2.0  # standard deviations of a rank sum: beyond it chance is ruled out, one case in 40
SPREAD = 0.5  # of a range's width: the best scattered so far do not care about it
ONWARD = 0.5  # of a range's width, but a decade at least, to look beyond an edge
GUESSING = 1 / CLASSES
AXES = ("learning_rate", "weight_decay")


@dataclass(frozen=True)
class Edge:
    """An edge that the best trials crowd at."""

    upper: bool
    touching: int  # of the best trials: within EDGE of it
    outer: int  # of the best trials: within OUTER of it
    best: int  # how many trials that is out of
    reached: bool  # the range goes no further here


def standard_error(accuracy: float, images: int) -> float:
    """Standard error of an accuracy measured on so many images: sqrt(p (1 - p) / n)."""
    return math.sqrt(max(accuracy * (1 - accuracy), 0.0) / images)


def above_guessing(accuracy: float, images: int) -> bool:
    """Whether an accuracy on so many images is more than luck can make of guessing."""
    return accuracy > GUESSING + 2 * standard_error(GUESSING, images)


def healthy(progress: RoundProgress) -> np.ndarray:
    """The trials with a score that did not diverge, best first."""
    ranking = progress.ranking()
    return np.asarray(ranking[~progress.diverged[ranking]])


def learners(progress: RoundProgress) -> np.ndarray:
    """The best trials, BEST at most, that have learned something.

    Those that share the last place with more than there is room for are left out: they would be chosen by their index.
    """
    accuracy, images = progress.last_validation(), progress.plan.validation_images()
    well = healthy(progress)
    best = [one for one in well[:BEST] if above_guessing(float(accuracy[one]), images)]
    if len(well) > BEST:
        left = well[BEST]
        best = [
            one for one in best if (accuracy[one], progress.given_up[one]) != (accuracy[left], progress.given_up[left])
        ]
    return np.array(best, int)


def edges(progress: RoundProgress) -> dict[str, Edge]:
    """The edges that the best trials crowd at, by axis; at most one each."""
    best, tried = learners(progress), progress.ranking()
    if len(best) < 2:
        return {}
    stronger, weaker = sorted(AXES, key=lambda axis: -abs(further_out(progress, axis, best, tried)))
    values = getattr(progress, stronger)
    alike = tried[(values[tried] >= values[best].min()) & (values[tried] <= values[best].max())]
    found = {stronger: _edge(progress, stronger, best, tried), weaker: _edge(progress, weaker, best, alike)}
    return {axis: edge for axis in AXES if (edge := found[axis]) is not None}


def _edge(progress: RoundProgress, axis: str, best: np.ndarray, among: np.ndarray) -> Edge | None:
    """The edge of one range that should be looked beyond. best, among: indices of trials"""
    range_, reach = progress.plan.space.ranges()[axis], REACHES[axis]
    if range_.width < STEP / 2:
        return None
    place = places(progress, axis, best)
    for upper, depth in ((True, 1 - place), (False, place)):
        outer = int((depth <= OUTER + ROUNDING).sum())
        if 2 * outer > len(best) and further_out(progress, axis, best, among) * (1 if upper else -1) >= UNLIKELY:
            touching = int((depth <= EDGE + ROUNDING).sum())
            reached = range_.high >= reach.high if upper else range_.low <= reach.low
            return Edge(upper, touching, outer, len(best), reached)
    return None


def places(progress: RoundProgress, axis: str, trials: np.ndarray) -> np.ndarray:
    """Where in a range some trials lie, 0 at its lower end and 1 at its upper. trials: (some,) indices"""
    range_ = progress.plan.space.ranges()[axis]
    return np.asarray((exponent(getattr(progress, axis)[trials]) - range_.low) / range_.width)


def further_out(progress: RoundProgress, axis: str, best: np.ndarray, among: np.ndarray) -> float:
    """How much higher the best trials lie than as many drawn at random would, in standard deviations of their rank sum.

    best, among: indices of trials, the best among them
    """
    count, some = len(among), len(best)
    deviation = math.sqrt(some * (count - some) * (count + 1) / 12)
    if not deviation:
        return 0.0
    ranks = np.empty(len(progress.diverged))
    ranks[among] = mean_ranks(getattr(progress, axis)[among])
    return float((ranks[best].sum() - some * (count + 1) / 2) / deviation)


def mean_ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1, equal values sharing their mean. values: (trials,)"""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(count) - (count - 1) / 2)[place])


def spread(progress: RoundProgress, axis: str) -> float | None:
    """How much of its range the best trials take up, when it is so much that they do not care about it; else None."""
    best = learners(progress)
    if progress.plan.space.ranges()[axis].width < STEP / 2 or len(best) < BEST:
        return None
    share = float(np.ptp(places(progress, axis, best)))
    return share if share > SPREAD else None


def good_range(progress: RoundProgress, axis: str) -> LogRange | None:
    """The exponents of the trials that are no worse than the best but for chance; None if none has learned."""
    best = healthy(progress)
    accuracy, images = progress.last_validation(), progress.plan.validation_images()
    if not len(best) or not above_guessing(float(accuracy[best[0]]), images):
        return None
    top = float(accuracy[best[0]])
    good = best[accuracy[best] >= top - standard_error(top, images)]
    found = exponent(getattr(progress, axis)[good])
    return LogRange(float(found.min()), float(found.max()))


def best_box(progress: RoundProgress) -> SearchSpace | None:
    """The box around the best trials with a margin; None if they are fewer than two."""
    best = healthy(progress)[:BEST]
    if len(best) < 2:
        return None
    return progress.plan.space.around(progress.learning_rate[best], progress.weight_decay[best])


def moved(progress: RoundProgress) -> SearchSpace | None:
    """The ranges that follow the edges: from the best trials to beyond the edge; None when no edge can be passed.

    A range without such an edge is narrowed to the best trials, unless they are spread over it.
    """
    found = {axis: edge for axis, edge in edges(progress).items() if not edge.reached}
    if not found:
        return None
    best = learners(progress)
    box = progress.plan.space.around(progress.learning_rate[best], progress.weight_decay[best])
    ranges = dict(box.ranges())
    for axis, range_ in progress.plan.space.ranges().items():
        onward = max(ONWARD * range_.width, 1.0)
        if axis not in found:
            ranges[axis] = range_ if len(best) < BEST or spread(progress, axis) is not None else ranges[axis]
        elif found[axis].upper:
            ranges[axis] = LogRange(ranges[axis].low, range_.high + onward).within(REACHES[axis])
        else:
            ranges[axis] = LogRange(range_.low - onward, ranges[axis].high).within(REACHES[axis])
    return SearchSpace(**ranges)
