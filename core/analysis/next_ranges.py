"""The ranges that follow from a search: beyond the edges that the accuracy rises up to, or around the best trials."""

import numpy as np

from core.analysis.edges import Edge
from core.analysis.guessing import Direction, NothingLearned
from core.analysis.trials import Trials
from core.space import AXES, LogRange, SearchSpace

BOXED = 5  # trials that the box is drawn around
MARGINS = 0.2, 0.5  # decades, or what counts as such, that the box reaches beyond the best trials on each side
BEYOND_SHARE = 0.5  # of a range's width to look beyond an edge, one decade at least


def best_box(trials: Trials) -> SearchSpace | None:
    """The box around the trials with the best smoothed accuracies; None if they are fewer than two.

    It reaches to the next trial on every side, since the best values may lie between, but within MARGINS.
    """
    best = trials.by_smoothed[:BOXED]
    if len(best) < 2:
        return None
    ranges = {}
    for column, axis in enumerate(trials.axes):
        found, exponents = trials.x[best, column], trials.x[trials.judged, column]
        low, high = float(found.min()), float(found.max())
        below, above = exponents[exponents < low], exponents[exponents > high]
        least, most = (margin * AXES[axis].unit for margin in MARGINS)
        low = float(np.clip(below.max(initial=-np.inf), low - most, low - least))
        high = float(np.clip(above.min(initial=np.inf), high + least, high + most))
        ranges[axis] = AXES[axis].within(LogRange(low, high))
    return SearchSpace.of(ranges)


def unlearned_ranges(trials: Trials, found: NothingLearned) -> SearchSpace | None:
    """The ranges that follow where no trial clearly beats guessing: other learning rates; None where none are left."""
    if "learning_rate" not in trials.space:
        return None
    range_ = trials.space.learning_rate
    beyond = max(BEYOND_SHARE * range_.width, 1.0)
    moved = {
        Direction.HIGHER: LogRange(range_.high, range_.high + beyond),
        Direction.LOWER: LogRange(range_.low - beyond, max(found.high, range_.low)),
        Direction.BETWEEN: LogRange(found.low, max(found.high, found.low)),
    }.get(found.direction)
    if moved is None:
        return None
    return trials.space.with_range("learning_rate", AXES["learning_rate"].within(moved))


def ranges_beyond(trials: Trials, edges: dict[str, Edge]) -> SearchSpace | None:
    """The ranges that follow from edges: from the best trials to beyond the edge; None when no edge can be passed.

    A hyperparameter without such an edge keeps the range of the round that the best trial is from. At least half of the
    new ranges is ground that no round has searched.
    """
    passable = {axis: edge for axis, edge in edges.items() if not edge.reached}
    box = best_box(trials)
    if not passable or box is None:
        return None
    home = trials.rounds[int(trials.place[trials.by_smoothed[0]])].plan.space
    ranges = home.ranges()
    for axis, edge in passable.items():
        beyond, good = max(BEYOND_SHARE * edge.width, AXES[axis].unit), box[axis]
        if edge.upper:
            moved = LogRange(max(good.low, edge.end - beyond), edge.end + beyond)
        else:
            moved = LogRange(edge.end - beyond, min(good.high, edge.end + beyond))
        ranges[axis] = AXES[axis].within(moved)
    return SearchSpace.of(ranges)
