"""What leads is said only if nearly all surfaces agree, and its share as low as nearly all have it."""

import numpy as np
import pytest

from core.analysis.functional_anova import Importance
from core.analysis.variance_shares import interval, leading_share, strongest_pair

RATE, DECAY = ("learning_rate",), ("weight_decay",)
BOTH = ("learning_rate", "weight_decay")


def shares(rate: np.ndarray, decay: np.ndarray) -> Importance:
    return Importance({RATE[0]: rate, DECAY[0]: decay}, {BOTH: 1 - rate - decay})


@pytest.mark.parametrize(
    ("rate", "decay", "part"),
    [(0.7, 0.2, RATE), (0.1, 0.6, DECAY), (0.2, 0.1, BOTH)],
)
def test_what_leads_on_all_surfaces_is_said_with_its_least_share(
    rate: float, decay: float, part: tuple[str, ...]
) -> None:
    about = np.linspace(-0.05, 0.05, 200)
    found = leading_share(shares(rate + about, np.full(200, decay)))
    assert found is not None and found.part == part
    of_part = {RATE: rate, DECAY: decay, BOTH: 1 - rate - decay}
    assert of_part[part] - 0.051 < found.least <= of_part[part]


@pytest.mark.parametrize("against", [0.03, 0.5])
def test_nothing_is_said_where_some_surfaces_disagree(against: float) -> None:
    ahead = np.arange(200) < 200 * (1 - against)
    assert leading_share(shares(np.where(ahead, 0.6, 0.3), np.where(ahead, 0.3, 0.6))) is None


def test_an_interval_leaves_out_a_fortieth_on_either_side() -> None:
    assert interval(np.linspace(0, 1, 1001)) == pytest.approx((0.025, 0.975))


def test_two_of_three_are_named_where_they_explain_more_than_any_other_two() -> None:
    rng = np.random.default_rng(0)
    axes, small = ("a", "b", "c"), 0.02 * rng.random((4, 200))
    pairs = {("a", "b"): 0.3 + small[0], ("a", "c"): small[1], ("b", "c"): small[2]}
    found = strongest_pair(Importance({axis: np.full(200, 0.2) for axis in axes}, pairs))
    assert found is not None and found.part == ("a", "b") and 0.3 <= found.least <= 0.32
    nearly_none = {pair: share / 10 for pair, share in pairs.items()}
    assert strongest_pair(Importance({axis: np.full(200, 0.3) for axis in axes}, nearly_none)) is None
    assert strongest_pair(shares(np.full(200, 0.1), np.full(200, 0.1))) is None  # of two, nothing is the strongest
