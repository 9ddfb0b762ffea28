"""The hyperparameters of every trial of a round: drawn from its ranges, given one by one, or the same for all."""

from collections.abc import Iterable
from functools import lru_cache

import numpy as np

from core.plan import RoundPlan
from core.space import AXES
from core.training.random_streams import RoundPurpose, generator

Hyperparameters = dict[str, np.ndarray]  # (trials,) of every axis in AXES
SHAPE = ("neurons", "batch_size")  # hyperparameters that decide which trials can be trained in one stack


def trial_values(plan: RoundPlan) -> tuple[np.ndarray, ...]:
    """What a round searches: (trials,) for every axis of its space, in order. Float64, whole numbers int64."""
    return tuple(hyperparameters(plan)[axis] for axis in plan.space.axes)


@lru_cache(maxsize=64)  # every stack of a round asks
def hyperparameters(plan: RoundPlan) -> Hyperparameters:
    """All hyperparameters that can be searched, whether the round searches them or not: (trials,) each, read-only."""
    if plan.values is not None:
        rows = plan.values
    else:
        generators = (generator(plan.seed, RoundPurpose.VALUES, trial) for trial in range(plan.trials))
        rows = tuple(plan.space.sample(rng) for rng in generators)
    searched = dict(zip(plan.space.axes, zip(*rows, strict=True), strict=True))
    found = {}
    for name, axis in AXES.items():
        given = searched[name] if name in searched else (getattr(plan, name),) * plan.trials
        found[name] = np.array(given, int if axis.is_whole else float)
        found[name].flags.writeable = False
    return found


def shape_of(plan: RoundPlan, trial: int) -> tuple[int, int]:
    """(neurons, batch size) of a trial."""
    if not any(axis in plan.space for axis in SHAPE):
        return plan.neurons, plan.batch_size
    neurons, batch_size = (int(hyperparameters(plan)[axis][trial]) for axis in SHAPE)
    return neurons, batch_size


def by_shape(plan: RoundPlan, trials: Iterable[int]) -> list[tuple[int, ...]]:
    """Some trials, those of one shape together, in their order; none for none."""
    groups: dict[tuple[int, int], list[int]] = {}
    for trial in trials:
        groups.setdefault(shape_of(plan, trial), []).append(trial)
    return [tuple(group) for group in groups.values()]
