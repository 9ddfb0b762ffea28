"""The charts of a model draw the model's own numbers."""

import pytest

from core.analysis.functional_anova import surface
from pages.components.comparison import model_charts
from tests.support.observed import drawn, observed, smooth


def test_the_charts_draw_the_models_own_numbers() -> None:
    x = drawn(30)
    found = surface(observed(x, smooth(x)))
    frame = model_charts.cells_frame(found.axes, {"mean": found.mean})
    assert len(frame) == found.mean.size
    assert frame["mean"].to_numpy() == pytest.approx(found.mean.ravel(), abs=1e-4)
    table = model_charts.shares_frame(found.shares)
    assert list(table["part"]) == ["learning_rate", "weight_decay", "interaction"]
    assert table["mean"].sum() == pytest.approx(1)
