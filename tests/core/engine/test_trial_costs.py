"""What trials of several shapes cost, and how they are shared out: each by its own memory and work."""

from dataclasses import replace

import numpy as np
import pytest

from core.engine.memory import least_weights
from core.engine.share import STACK_TRIALS
from core.engine.trial_costs import epoch_operations, largest_weights, trial_costs, weight_bytes
from core.engine.trial_shares import shares_of
from core.plan import RoundPlan
from core.progress import RoundProgress
from core.space import LogRange, SearchSpace
from core.training.stacks import begin
from core.training.trial_values import by_shape, hyperparameters, shape_of
from tests.support.simulated_workers import Simulation

SPACE = SearchSpace(neurons=LogRange(3, 8), batch_size=LogRange(4, 8))
PLAN = RoundPlan(SPACE, trials=60, epochs=10, hidden_layers=3)
PIXELS = np.arange(64)


@pytest.mark.parametrize(
    "settings", [{}, {"optimizer": "adam"}, {"batch_normalisation": True, "optimizer": "momentum"}]
)
def test_the_bytes_of_a_trial_are_those_of_its_arrays(settings: dict[str, object]) -> None:
    plan = replace(PLAN, trials=10, **settings)
    for trial in range(plan.trials):
        stack = begin(plan, [trial], PIXELS)
        arrays = stack.params.learned + stack.params.running + (stack.optimizer.state if settings else [])
        assert weight_bytes(plan, [trial]) == sum(array.nbytes for array in arrays)


def test_a_plans_memory_is_no_less_than_that_of_its_trials_and_equal_where_all_are_given() -> None:
    assert PLAN.memory() >= weight_bytes(PLAN, range(PLAN.trials))
    values = tuple((0.01, 1e-6, 50, neurons) for neurons in (2, 100, 256))
    given = replace(PLAN, trials=3, values=values)
    assert given.memory() == weight_bytes(given, range(3))


def test_the_work_of_a_trial_is_that_of_a_round_of_its_sizes() -> None:
    costs = trial_costs(PLAN)
    for trial in range(PLAN.trials):
        neurons, batch_size = shape_of(PLAN, trial)
        alone = replace(PLAN, space=SearchSpace(), neurons=neurons, batch_size=batch_size)
        assert costs.operations[trial] == trial_costs(alone).operations[0]


def test_the_work_left_is_that_of_the_trials_that_go_on() -> None:
    progress = RoundProgress.of(PLAN)
    work = trial_costs(PLAN).operations
    assert progress.epochs_left * epoch_operations(progress) == pytest.approx(10 * work.sum())
    given_up = progress.with_given_up(np.arange(20))
    assert given_up.epochs_left * epoch_operations(given_up) == pytest.approx(10 * work[20:].sum())
    done = replace(progress, epochs_done=np.full(PLAN.trials, 10))
    assert done.epochs_left * epoch_operations(done) == 0


@pytest.mark.parametrize("workers", [1, 2, 3, 8])
@pytest.mark.parametrize("trials", [1, 3, 20, 60])
def test_shares_hold_every_trial_once_and_nearly_the_same_work(workers: int, trials: int) -> None:
    plan = replace(PLAN, trials=trials)
    shares = shares_of(plan, range(trials), workers, 0)
    assert sorted(trial for share in shares for trial in share.trials) == list(range(trials))
    work = trial_costs(plan).operations
    loads = [work[list(share.trials)].sum() for share in shares]
    assert max(loads) - min(loads) <= work.max() * STACK_TRIALS


def test_shares_keep_trials_of_a_shape_together() -> None:
    plan = replace(PLAN, space=SearchSpace(neurons=LogRange(3, 4)), trials=40)
    stacks = [group for share in shares_of(plan, range(40), 2, 0) for group in by_shape(plan, share.trials)]
    assert len(stacks) <= 4 and sum(-(-len(group) // STACK_TRIALS) for group in stacks) <= 10


def test_a_round_of_one_shape_is_shared_out_as_ever() -> None:
    plan = RoundPlan(trials=7)
    assert [share.trials for share in shares_of(plan, range(7), 2, 0)] == [(0, 2, 4, 6), (1, 3, 5)]


def test_the_memory_that_a_round_holds_at_least_is_that_of_its_largest_trials() -> None:
    by_size = np.sort([weight_bytes(PLAN, [trial]) for trial in range(PLAN.trials)])
    assert least_weights(PLAN, 2) == largest_weights(PLAN, 10) == by_size[-10:].sum()
    assert least_weights(replace(PLAN, give_up=(5,)), 2) == by_size.sum()


def test_costs_follow_from_values_alone() -> None:
    assert trial_costs(replace(PLAN, seed=1)) is not trial_costs(PLAN)
    assert len(set(hyperparameters(PLAN)["neurons"].tolist())) > 3


def test_the_rate_of_the_workers_is_that_of_what_they_have_done() -> None:
    simulation = Simulation(2)
    round_ = simulation.add("somebody", replace(PLAN, trials=12, epochs=3))
    simulation.run()
    assert round_.status.is_final and (round_.progress.epochs_done == 3).all()
    spent = sum(seconds for _, _, seconds in simulation.slices)
    rate, mean = simulation.scheduler.operations_per_second, 3 * trial_costs(round_.plan).operations.sum() / spent
    assert rate is not None and mean / 3 < rate < mean * 3  # a moving average of slices of random length
