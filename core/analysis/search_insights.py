"""Insights into a search: which way its ranges should move, as sentences for a page to translate."""

import numpy as np

from core.analysis.edges import (
    MIN_EFFECT_TRIALS,
    NO_EFFECT_CHANCE,
    Edge,
    edges,
    effect_chance,
    is_flat,
    unlearned,
)
from core.analysis.guessing import guessing_insight
from core.analysis.insight import Insight, insight
from core.analysis.insights import AXIS_NAMES
from core.analysis.statistics import standard_error
from core.analysis.trials import Trials
from core.errors import N_
from core.space import AXES

FEWEST_GOOD = 5  # trials whose spread is told
SPREAD_SHARE = 0.5  # of what has been searched


def search_insights(trials: Trials) -> list[Insight]:
    """All insights into a search; where no trial beats guessing, that and where to look, and nothing else."""
    guessing = guessing_insight(trials.rounds)
    if guessing is not None:
        return [guessing]
    if unlearned(trials) is not None:
        return []
    found = edges(trials)
    said = [_edge_insight(axis, edge) for axis, edge in found.items()]
    if is_flat(trials):
        return said
    spread = {axis: spread_without_effect(trials, axis) for axis in trials.axes if axis not in found}
    return said + [_spread_insight(axis, share) for axis, share in spread.items() if share is not None]


_EDGE = {
    True: N_("{axis}: accuracy is highest at the upper edge. Better values may lie above: move the range up."),
    False: N_("{axis}: accuracy is highest at the lower edge. Better values may lie below: move the range down."),
}
_EDGE_AT_THE_END = {
    True: N_("{axis}: accuracy is highest at the upper edge, and the range goes no higher here."),
    False: N_("{axis}: accuracy is highest at the lower edge, and the range goes no lower here."),
}


def _edge_insight(axis: str, edge: Edge) -> Insight:
    upper = edge.upper != AXES[axis].is_reversed  # as values go
    return insight((_EDGE_AT_THE_END if edge.reached else _EDGE)[upper], {"axis": AXIS_NAMES[axis]})


def _spread_insight(axis: str, share: float) -> Insight:
    sentence = N_("{axis}: good trials are spread over {share:.0%} of the range. No effect of it has been seen yet.")
    return insight(sentence, {"axis": AXIS_NAMES[axis]}, share=share)


def spread_without_effect(trials: Trials, axis: str) -> float | None:
    """The share of the searched range that the good trials spread over, if no effect of it has been seen; else None.

    Good are those within two standard errors of the best, for the difference of two accuracies.
    """
    judged = trials.judged[~trials.diverged[trials.judged]]
    best = trials.best
    range_ = trials.space[axis]
    if best is None or len(judged) < MIN_EFFECT_TRIALS or not range_.width:
        return None
    top = float(trials.accuracy[best])
    good = judged[trials.accuracy[judged] >= top - 2 * np.sqrt(2) * standard_error(top, trials.images)]
    share = float(np.ptp(trials.x[good, trials.axes.index(axis)])) / range_.width if len(good) >= FEWEST_GOOD else 0.0
    return share if share > SPREAD_SHARE and effect_chance(trials, axis) > NO_EFFECT_CHANCE else None
