"""What the trials of a round cost: the memory and the work of each, which differ where neurons or batch sizes do."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.plan import RoundPlan
from core.progress import RoundProgress
from core.training.operations import operations
from core.training.trial_values import by_shape, shape_of


@dataclass(frozen=True, eq=False)
class TrialCosts:
    """Of each trial of a round, (trials,) each."""

    operations: np.ndarray  # floating-point operations of an epoch, all pixels and every image drawn counted
    weight_bytes: np.ndarray  # float32 that it is made of, what the optimizer keeps beside it included

    @property
    def are_equal(self) -> bool:
        """Whether all trials cost the same."""
        return bool((self.operations == self.operations[0]).all())


@lru_cache(maxsize=256)
def trial_costs(plan: RoundPlan) -> TrialCosts:
    """The costs of a round's trials."""
    work, memory = np.empty(plan.trials), np.empty(plan.trials, int)
    for trials in by_shape(plan, range(plan.trials)):
        work[list(trials)] = operations(plan, plan.sizes()[0], trial=trials[0])
        memory[list(trials)] = plan.trial_memory(shape_of(plan, trials[0])[0])
    return TrialCosts(work, memory)


def weight_bytes(plan: RoundPlan, trials: Iterable[int]) -> int:
    """Bytes of float32 of some trials of a round."""
    return int(trial_costs(plan).weight_bytes[list(trials)].sum())


def largest_weights(plan: RoundPlan, count: int) -> int:
    """Bytes of float32 of so many trials, of those that hold most."""
    return int(np.sort(trial_costs(plan).weight_bytes)[-count:].sum())


def epoch_operations(progress: RoundProgress) -> float:
    """Operations of an epoch of a trial that is still to be trained, on average over the epochs left of all.

    Which trials a rung will give up is not known: each counts as likely to go on as any other.
    """
    costs = trial_costs(progress.plan)
    if costs.are_equal:
        return float(costs.operations[0])
    going_on = ~(progress.given_up | progress.diverged)
    left = np.where(going_on, progress.plan.epochs - progress.epochs_done, 0)
    return float(np.average(costs.operations, weights=left if left.any() else None))
