"""Rounds for tests of a cluster, and what they come to on this machine."""

from collections.abc import Callable
from functools import cache

import numpy as np

from core.engine.port import RoundHandle
from core.plan import RoundPlan
from core.progress import RoundProgress, Status
from core.rounds import run_round
from core.space import LogRange, SearchSpace
from tests.support.waiting import LIMIT

STABLE = SearchSpace(LogRange(-3, -2))
SHORT = RoundPlan(STABLE, trials=20, epochs=20, images=300)  # about half a second
MIDDLE = RoundPlan(STABLE, trials=20, epochs=150, images=300)  # some seconds
LONG = RoundPlan(trials=200, epochs=200)  # no test waits for its end


@cache
def expected(plan: RoundPlan) -> RoundProgress:
    """The end of a round on this machine; trained once for all tests."""
    return run_round(plan)


def same(found: RoundProgress, other: RoundProgress) -> bool:
    """Whether a round came to its end with the same results as another, to the bit."""
    arrays = ("validation_accuracy", "train_accuracy", "diverged", "given_up", "epochs_done")
    return found.status is Status.FINISHED and all(
        np.array_equal(getattr(found, name), getattr(other, name), equal_nan=True) for name in arrays
    )


def until(handle: RoundHandle, condition: Callable[[RoundProgress], object]) -> RoundProgress:
    """The first version of a round that meets a condition."""
    progress = handle.wait_for(lambda progress: bool(condition(progress)), LIMIT)
    assert condition(progress), f"the round is {progress.status} and the condition was never met"
    return progress


def partly_done(handle: RoundHandle) -> RoundProgress:
    """A version with all trials begun and none at its end."""
    return until(handle, lambda progress: progress.epochs_done.min() > 0)
