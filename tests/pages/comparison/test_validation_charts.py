"""The chart of the expected best accuracy draws the exact expectation."""

import numpy as np
import pytest

from core.analysis.selection_bias import expected_best
from pages.components.comparison import validation_charts


def test_the_curves_of_the_chart_are_the_exact_expectation() -> None:
    frame = validation_charts.optimism_frame([50, 1000], 200, 0.8)
    for row in frame.sample(10, random_state=0).itertuples():
        assert row.best == pytest.approx(float(expected_best(np.array(row.candidates), row.images, 0.8)))
    assert set(frame["images"]) == {50, 1000} and frame["candidates"].max() == 200
