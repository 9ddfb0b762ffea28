"""No claim of the table is made too often where nothing is there, nor too seldom where something is.

With few simulations here; `python -m tests.benchmarks --only claims` has the figures.
"""

import re

import numpy as np
import pytest

from tests.claims.claim import LEAST_POWER, MOST_FALSE, Claim, Condition, Rate, lowest_power, rate, worst_false
from tests.claims.registry import CLAIMS

each_claim = pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)


@each_claim
def test_where_nothing_is_there_a_claim_is_seldom_made(claim: Claim) -> None:
    for condition in claim.small_grid:
        found = rate(claim.nothing, condition, claim.small, seed=0)
        assert not found.is_above(MOST_FALSE), f"{claim.name} in {found.share:.0%}: {condition}"


@each_claim
def test_a_difference_worth_saying_is_mostly_said(claim: Claim) -> None:
    if claim.difference is None:
        pytest.skip("it claims that nothing was found")
    for condition in claim.small_power_grid:
        found = rate(claim.difference, condition, claim.small, seed=0)
        assert not found.is_below(LEAST_POWER), f"{claim.name} in {found.share:.0%}: {condition}"


@each_claim
def test_a_claim_says_where_it_is_shown_and_when_it_is_worth_saying(claim: Claim) -> None:
    assert re.fullmatch("[a-z_]+", claim.name) and claim.shown and claim.worth_saying
    assert claim.grid and (claim.difference is None or claim.power_grid)


def test_a_rate_is_refused_only_when_chance_does_not_explain_it() -> None:
    condition = Condition(0.5, 2, 100)
    assert not Rate(18, 200, condition).is_above(MOST_FALSE)
    assert Rate(30, 200, condition).is_above(MOST_FALSE)
    assert not Rate(145, 200, condition).is_below(LEAST_POWER)
    assert Rate(125, 200, condition).is_below(LEAST_POWER)


def test_the_worst_of_a_grid_is_found_and_measured_anew() -> None:
    def said(rng: np.random.Generator, condition: Condition) -> bool:
        return bool(rng.random() < condition.accuracy)

    grid = tuple(Condition(share, 2, 100) for share in (0.2, 0.5, 0.9))
    claim = Claim("made_up", "nowhere", "always", said, said, grid=grid, power_grid=grid)
    assert worst_false(claim, 200) == Rate(worst_false(claim, 200).said, 1000, grid[2])
    assert abs(worst_false(claim, 200).share - 0.9) < 0.04
    lowest = lowest_power(claim, 200)
    assert lowest is not None and lowest.condition == grid[0] and abs(lowest.share - 0.2) < 0.05
