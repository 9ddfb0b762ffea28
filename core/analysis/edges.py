"""Edges that the accuracy rises up to, and whether a hyperparameter has shown any effect, by shuffling the accuracies.

A permutation test (R. Fisher, The Design of Experiments, 1935): if a hyperparameter decides nothing, each trial of a
round could as well have had the accuracy of any other. So the accuracies are shuffled within each round, again and
again, and what is seen counts only if it is rare among the shuffled ones. Between rounds nothing is compared: they have
different images for validation, and one may be luckier than another.
"""

from dataclasses import dataclass

import numpy as np

from core.analysis.comparisons import behind_best
from core.analysis.guessing import NothingLearned, nothing_learned
from core.analysis.trials import Trials
from core.space import AXES, LogRange

SHUFFLES = 2000
LOOKS = 100  # rounds that a lab holds: after each its ranges are judged anew
# An edge is told if accuracies rise towards it as clearly in no more than this share of shuffles, over the number of
# axes. An axis has two edges, and a search of three rounds is judged three times: together one is told wrongly in less
# than 5% of searches, of two hyperparameters or of four.
EDGE_CHANCE = 0.0175
EDGE_SHARE = 0.15  # of a range's width counts as its edge
NO_EFFECT_CHANCE = 0.2  # an effect that shuffles exceed more often has not been seen
THIRDS = 3  # parts of a range whose means are compared for an effect
FEWEST_FLAT = 5  # trials of a round that may be called alike
MIN_EFFECT_TRIALS = 20  # to say that no effect has been seen: of fewer, chance often hides one that decides half


@dataclass(frozen=True)
class Edge:
    """An edge of what the rounds have searched that the accuracy rises up to."""

    upper: bool
    end: float  # exponent, or place on a plain scale
    width: float  # on that scale, of the narrowest range that ends there
    reached: bool  # no range may go further
    chance: float  # share of shuffles in which accuracies rise as clearly


def unlearned(trials: Trials) -> NothingLearned | None:
    """Where to look while no trial clearly beats guessing; None once one does."""
    return nothing_learned(trials.rounds, LOOKS)


def is_flat(trials: Trials) -> bool:
    """Whether all trials of the last round, FEWEST_FLAT at least, tie with its best."""
    last = trials.rounds[-1]
    accuracy = trials.accuracy[trials.place == len(trials.rounds) - 1]
    if len(accuracy) < FEWEST_FLAT or last.given_up.any() or last.diverged.any():
        return False
    return not behind_best(accuracy, trials.images).any()


def edges(trials: Trials) -> dict[str, Edge]:
    """The edges that the accuracy rises up to, by axis, at most one each; none while nothing is learned.

    The best smoothed accuracy must lie at the edge, and the accuracies of the rounds whose ranges end there must rise
    towards it by more than chance, in that part which a stronger hyperparameter does not explain. Where good learning
    rates came with large weight decays by chance, the weight decay would seem to matter otherwise.
    """
    if unlearned(trials) is not None or not len(trials.by_smoothed):
        return {}
    best = trials.x[trials.by_smoothed[0]]
    found = {}
    for column, axis in enumerate(trials.axes):
        ranges = [one.plan.space[axis] for one in trials.rounds]
        for upper in (True, False):
            edge = _edge(trials, column, ranges, upper, float(best[column]))
            if edge is not None:
                found[axis] = edge
    return found


def _edge(trials: Trials, column: int, ranges: list[LogRange], upper: bool, best: float) -> Edge | None:
    """One edge, if the accuracy rises up to it. column: of the axis in `x`    best: place of the best smoothed"""
    axis = AXES[trials.axes[column]]
    end = max(one.high for one in ranges) if upper else min(one.low for one in ranges)
    there = [place for place, one in enumerate(ranges) if abs((one.high if upper else one.low) - end) < axis.step / 2]
    width = min(ranges[place].width for place in there)
    if width < axis.step / 2 or abs(best - end) > EDGE_SHARE * width:
        return None
    exponents = trials.x[:, column] if upper else -trials.x[:, column]
    seen, shuffled = 0.0, np.zeros(SHUFFLES)
    rng = np.random.default_rng(0)  # the same trials give the same sentence
    for accuracy, which in _by_round(trials, unexplained(trials, column)):
        if trials.place[which[0]] in there:
            centred = exponents[which] - exponents[which].mean()
            seen += float(accuracy @ centred)
            shuffled += shuffles(accuracy, rng) @ centred
    chance = share_as_large(shuffled, seen)
    reached = end == (axis.reach.high if upper else axis.reach.low)
    return Edge(upper, end, width, reached, chance) if chance <= EDGE_CHANCE / len(trials.axes) else None


def effect_chance(trials: Trials, axis: str) -> float:
    """How often shuffles show an effect of one hyperparameter that is as large: between 0 and 1.

    The effect is the variance between the means of the accuracy in the thirds of the searched range, of that part which
    a stronger hyperparameter does not explain.
    """
    column = trials.axes.index(axis)
    range_ = trials.space[axis]
    width = max(range_.width, AXES[axis].step)
    third = np.clip((trials.x[:, column] - range_.low) / width * THIRDS, 0, THIRDS - 1).astype(int)
    seen, shuffled = np.zeros(THIRDS), np.zeros((SHUFFLES, THIRDS))
    counts = np.maximum(np.bincount(third[trials.judged], minlength=THIRDS), 1)
    rng = np.random.default_rng(0)
    for values, which in _by_round(trials, unexplained(trials, column)):
        member = (third[which, None] == np.arange(THIRDS)).astype(float)
        seen += values @ member
        shuffled += shuffles(values, rng) @ member
    return share_as_large((shuffled**2 / counts).sum(axis=1), float((seen**2 / counts).sum()))


def unexplained(trials: Trials, column: int) -> np.ndarray:
    """What a stronger hyperparameter leaves of the accuracies: (n,). column: of this one, weaker or not

    The strongest is the one whose smoothed curve varies most; that curve is taken off, unless it is this one's own.
    """
    curves = [trials.smoothed_along(one) for one in range(len(trials.axes))]
    strongest = max(range(len(curves)), key=lambda one: (np.nanvar(curves[one]), one == column))
    return trials.expected if strongest == column else trials.expected - curves[strongest]


def _by_round(trials: Trials, values: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """The judged trials of each round: their values less the round's mean, and their indices."""
    found = []
    for place in range(len(trials.rounds)):
        which = trials.judged[trials.place[trials.judged] == place]
        if len(which) > 1:
            found.append((values[which] - values[which].mean(), which))
    return found


def shuffles(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """SHUFFLES orders of some values, (SHUFFLES, n)."""
    return rng.permuted(np.broadcast_to(values, (SHUFFLES, len(values))), axis=1)


def share_as_large(shuffled: np.ndarray, seen: float) -> float:
    """The share of shuffles, what was seen counted as one of them, that are at least as large as what was seen."""
    return float((1 + (shuffled >= seen - 1e-12).sum()) / (1 + len(shuffled)))
