"""Any searched hyperparameter on the map, its strips and tables."""

import json

import altair as alt
import numpy as np
import pytest

from core.plan import RoundPlan
from core.progress import RoundProgress
from core.space import AXES, SearchSpace
from pages.components.round.axis_charts import place_axis
from pages.components.round.curves_chart import curves_spec
from pages.components.round.map_chart import map_spec
from pages.components.round.searched_axes import default_shown, place_field, shown_axes
from pages.components.round.tables import Plane, boxes_table, places

SPACE = SearchSpace.of(
    {name: AXES[name].start for name in ("neurons", "dropout", "momentum", "deviation", "batch_size")}
)
SHOWN = default_shown(SPACE)


@pytest.mark.parametrize("width", [340, 1280])
def test_charts_of_five_axes_keep_to_the_schema_and_have_a_strip_for_each(width: int) -> None:
    charts = [map_spec(width, SHOWN, "en", False), curves_spec(width, 20, 20, SHOWN, "en", False)]
    for chart in charts:
        alt.Chart.from_dict({**chart, "params": []})
    strips = {view for chart in charts for param in chart["params"] for view in param.get("views", [])}
    assert {f"by_{place_field(axis)}" for axis in SPACE.axes} <= strips


def test_the_map_shows_the_two_axes_that_were_chosen_and_else_the_first_two() -> None:
    chosen = shown_axes([SPACE], SPACE.axes, ("momentum", "dropout"))
    assert (chosen.x, chosen.y) == ("momentum", "dropout")
    gone = shown_axes([SPACE], SPACE.axes, ("learning_rate", "dropout"))
    assert (gone.x, gone.y) == SPACE.axes[:2]


@pytest.mark.parametrize("axis", list(AXES))
def test_every_axis_shows_its_whole_start_and_labels_it(axis: str) -> None:
    other = "dropout" if axis != "dropout" else "momentum"
    space = SearchSpace.of({axis: AXES[axis].start, other: AXES[other].start})
    shown = shown_axes([space], space.axes, None)
    domain = shown.domain(axis)
    assert domain.low <= AXES[axis].start.low and domain.high >= AXES[axis].start.high
    ticks = place_axis("x", axis, "title", domain).to_dict()["axis"]["values"]
    assert len(ticks) > 1 and all(domain.low <= tick <= domain.high for tick in ticks)


def test_a_hyperparameter_that_changes_nothing_has_no_place() -> None:
    round_ = RoundProgress.of(RoundPlan(trials=3))
    found = places(round_, [0, 1], ["momentum", "dropout", "learning_rate"])
    assert np.isnan(found["momentum"]).all() and (found["dropout"] == 0).all()
    assert np.isfinite(found["lr"]).all()


def test_ranges_without_an_axis_of_the_map_have_no_box() -> None:
    plane = Plane(500, 300, SHOWN.domain("neurons"), SHOWN.domain("momentum"), "neurons", "momentum")
    boxes = boxes_table({"round 1": SearchSpace(), "next round": SPACE}, SPACE, plane).to_pylist()
    assert [(box["label"], box["neurons"], box["neurons_high"], box["momentum"]) for box in boxes] == [
        ("next round", 4, 7, -2.5)
    ]


def test_the_lessons_two_axes_are_the_same_chart_whatever_else_could_be_searched() -> None:
    written = json.dumps(map_spec(1280, default_shown(SearchSpace()), "en", False))
    assert "momentum" not in written and "guesses" not in written
