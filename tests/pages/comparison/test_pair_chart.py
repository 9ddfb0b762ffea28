"""The chart of two rounds keeps to Vega-Lite's schema and to the width of the page."""

import altair as alt
import pytest

from core.space import LogRange, SearchSpace
from pages.components.comparison import pair_chart

SPACE = SearchSpace(LogRange(-6, -2), LogRange(-8, -4))


@pytest.mark.parametrize("width", [340, 700, 1200])
def test_the_chart_keeps_to_vega_lites_schema_and_to_the_page(width: int) -> None:
    spec = pair_chart.pair_spec(width, SPACE, ("on a grid", "at random"), "en", False)
    alt.Chart.from_dict(spec)
    assert ("hconcat" in spec) == (width >= 620)
