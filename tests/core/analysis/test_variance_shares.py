"""What leads is said only if nearly all surfaces agree, and its share as low as nearly all have it."""

import numpy as np
import pytest

from core.analysis.functional_anova import Importance
from core.analysis.variance_shares import Leading, interval, leading_share


def shares(rate: np.ndarray, decay: np.ndarray) -> Importance:
    return Importance(rate, decay, 1 - rate - decay)


@pytest.mark.parametrize(
    ("rate", "decay", "part"),
    [(0.7, 0.2, Leading.LEARNING_RATE), (0.1, 0.6, Leading.WEIGHT_DECAY), (0.2, 0.1, Leading.INTERACTION)],
)
def test_what_leads_on_all_surfaces_is_said_with_its_least_share(rate: float, decay: float, part: Leading) -> None:
    about = np.linspace(-0.05, 0.05, 200)
    found = leading_share(shares(rate + about, np.full(200, decay)))
    assert found is not None and found.part is part
    of_part = {Leading.LEARNING_RATE: rate, Leading.WEIGHT_DECAY: decay, Leading.INTERACTION: 1 - rate - decay}
    assert of_part[part] - 0.051 < found.least <= of_part[part]


@pytest.mark.parametrize("against", [0.03, 0.5])
def test_nothing_is_said_where_some_surfaces_disagree(against: float) -> None:
    ahead = np.arange(200) < 200 * (1 - against)
    assert leading_share(shares(np.where(ahead, 0.6, 0.3), np.where(ahead, 0.3, 0.6))) is None


def test_an_interval_leaves_out_a_fortieth_on_either_side() -> None:
    assert interval(np.linspace(0, 1, 1001)) == pytest.approx((0.025, 0.975))
