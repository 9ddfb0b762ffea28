"""The chart draws the round's own numbers, and the chart itself does not change while they do."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import altair as alt
import numpy as np
import pyarrow as pa
import pytest

from core.progress import RoundProgress
from core.space import LogRange, SearchSpace
from pages.components import charts, tables
from tests.made import made

ROUND = made([-2, -3, -4, -5, -1], [0.5, 0.9, 0.3, 0.2, 0.1], diverged=(4,))
WIDE, TALL = charts.Domain(-7, -1), charts.Domain(-9, -3)


def spec(width: int = 1200, **changes: object) -> dict[str, object]:
    settings = {"epochs": 20, "panels": 20, "lr": WIDE, "wd": TALL, "lang": "en", "dark": False, **changes}
    return charts.live_spec(width, **settings)


def test_points_carry_the_trials_in_the_order_of_their_rank() -> None:
    points = tables.points_table(ROUND).to_pydict()
    assert points["trial"] == [1, 0, 2, 3, 4]
    assert points["rank"] == [1, 2, 3, 4, 5]
    assert points["lr"] == pytest.approx([-3, -2, -4, -5, -1])
    assert points["validation"] == pytest.approx([0.9, 0.5, 0.3, 0.2, 0.1])
    assert points["diverged"] == [False, False, False, False, True]


def test_curves_carry_every_epoch_of_the_best() -> None:
    curves = tables.curves_table(ROUND).to_pandas()
    best = curves[curves["rank"] == 1]
    assert list(best["epoch"]) == [1, 2, 3, 4]
    assert list(best["validation"]) == pytest.approx(list(ROUND.validation_accuracy[1]))
    assert list(best["training"]) == pytest.approx(list(ROUND.train_accuracy[1]))
    assert list(best["first"]) == [True, False, False, False]


def test_no_more_than_twenty_curves_are_drawn() -> None:
    many = made(list(np.linspace(-6, -2, 50)), list(np.linspace(0.1, 0.9, 50)))
    assert tables.curves_table(many).to_pandas()["rank"].max() == tables.PANELS


def test_a_long_curve_is_thinned_out_and_keeps_its_last_epoch() -> None:
    long = made([-2, -3], [0.9, 0.5], epochs=200)
    curve = tables.curves_table(long).to_pandas().query("rank == 1")
    assert len(curve) <= tables.CURVE_POINTS + 1
    assert curve["epoch"].max() == 200


def halved() -> RoundProgress:
    """A round whose third trial was given up after two epochs of four."""
    gone = np.arange(5) == 2
    return replace(ROUND, given_up=gone, epochs_done=np.where(gone, 2, 4))


def test_the_curve_of_a_given_up_trial_ends_where_it_ended_and_says_so() -> None:
    curves = tables.curves_table(halved()).to_pandas()
    gone = curves[curves["trial"] == 2]
    assert list(gone["epoch"]) == [1, 2] and list(gone["given_up"]) == [2, 2]
    assert (curves[curves["trial"] != 2]["given_up"] == 0).all()


@pytest.mark.parametrize("done", [1, 3, 59, 60, 61, 100, 199, 200])
def test_a_long_curve_that_is_thinned_out_ends_at_its_own_last_epoch(done: int) -> None:
    long = replace(made([-2], [0.9], epochs=200), epochs_done=np.array([done]))
    curve = tables.curves_table(long).to_pandas()
    assert curve["epoch"].max() == done and curve["epoch"].is_unique


def test_points_say_which_trials_were_given_up_and_how_far_they_came() -> None:
    points = tables.points_table(halved()).to_pydict()
    assert points["trial"][3] == 2  # behind all that went on, before the one that diverged
    assert points["given_up"] == [False, False, False, True, False]
    assert points["epochs"] == [4, 4, 4, 2, 4]


def test_the_trial_pointed_at_is_one_row_and_without_one_there_is_none() -> None:
    assert tables.pointed_table(ROUND, 3).to_pydict() == {"lr": [pytest.approx(-5)], "wd": [pytest.approx(-5)]}
    nobody = tables.pointed_table(ROUND, None)
    assert nobody.num_rows == 0 and nobody.schema == tables.pointed_table(ROUND, 3).schema


def test_the_rungs_are_marked_in_the_panels() -> None:
    axes = [part["encoding"]["x"]["axis"] for part in parts(spec(rungs=(2, 4))) if has_epochs(part)]
    assert axes and all(axis["values"] == [1, 2, 4, 20] and axis["grid"] for axis in axes)
    plain = [part["encoding"]["x"]["axis"] for part in parts(spec()) if has_epochs(part)]
    assert all(axis["values"] == [1, 20] and not axis["grid"] for axis in plain)


def test_a_rank_and_its_accuracy_stand_apart_in_svg_which_makes_one_of_many_spaces() -> None:
    titles = [step["calculate"] for part in parts(spec()) for step in part.get("transform", []) if "calculate" in step]
    assert len(titles) == 1 and "'\u00a0\u00a0\u00a0' + format" in titles[0] and "  " not in titles[0]


def has_epochs(part: dict[str, Any]) -> bool:
    return part.get("encoding", {}).get("x", {}).get("field") == "epoch"


def test_before_the_first_epoch_every_panel_stands_there_empty() -> None:
    nothing = RoundProgress.of(ROUND.plan)
    curves = tables.curves_table(nothing).to_pandas()
    assert list(curves["rank"]) == [1, 2, 3, 4, 5]
    assert (curves["trial"] == -1).all() and curves["validation"].isna().all()
    assert tables.points_table(nothing).num_rows == 0


def test_tables_keep_their_types_whether_empty_or_full() -> None:
    nothing = RoundProgress.of(ROUND.plan)
    for table in (tables.points_table, tables.curves_table):
        assert table(nothing).schema.names == table(ROUND).schema.names
        for field in table(ROUND).schema:
            assert table(nothing).schema.field(field.name).type in (field.type, pa.float64())


def test_arrow_bytes_read_back_as_the_table() -> None:
    table = tables.points_table(ROUND)
    assert pa.ipc.open_stream(tables.arrow(table)).read_all().equals(table)


def test_the_chart_is_built_once_for_the_same_page() -> None:
    assert spec() is spec()


def test_every_scale_of_the_chart_is_fixed() -> None:
    def scales(part: object) -> list[dict[str, object]]:
        if isinstance(part, dict):
            own = [part["scale"]] if isinstance(part.get("scale"), dict) else []
            return own + [scale for value in part.values() for scale in scales(value)]
        return [scale for value in part for scale in scales(value)] if isinstance(part, list) else []

    assert len(scales(spec())) > 10
    assert [scale for scale in scales(spec()) if "domain" not in scale] == []


def test_the_chart_names_its_tables_and_holds_no_data() -> None:
    written = json.dumps(spec())
    assert {name for name in ("points", "curves", "earlier", "boxes") if f'"name": "{name}"' in written} == {
        "points",
        "curves",
        "earlier",
        "boxes",
    }
    assert '"values": [{' not in written


def test_only_the_map_is_brushed_and_every_part_answers_to_pointing_and_clicks() -> None:
    brush, hover, picked = spec()["params"]
    assert len(brush["views"]) == 1 and brush["views"][0].startswith("map")
    assert len(hover["views"]) == len(picked["views"]) == 4


def test_nothing_that_hovering_draws_can_be_met_by_the_pointer() -> None:
    rings = [
        part for part in parts(spec()) if part.get("transform") == [{"filter": {"param": "hover", "empty": False}}]
    ]
    assert len(rings) == 3
    assert [ring for ring in rings if "tooltip" in ring.get("encoding", {}) or "tooltip" in ring["mark"]] == []


def parts(of: object) -> Iterator[dict[str, Any]]:
    """Every part of a chart, however deep."""
    if isinstance(of, dict):
        yield of
        for inner in of.values():
            yield from parts(inner)
    elif isinstance(of, list):
        for inner in of:
            yield from parts(inner)


@pytest.mark.parametrize("width", range(260, 1520, 20))
def test_the_parts_fit_the_width_of_the_page(width: int) -> None:
    sizes = charts.layout(width)
    assert sizes.map > 120 and sizes.panel > 70
    assert sizes.map + sizes.strip + sizes.aside + charts.AXIS <= width
    assert sizes.columns * sizes.panel + (sizes.columns - 1) * charts.GAP + charts.AXIS <= width


def test_the_map_shows_all_ranges_and_nothing_beyond_the_reach() -> None:
    spaces = [SearchSpace(), SearchSpace(LogRange(-8, 1), LogRange(-10, 0))]
    (low, high), (bottom, top) = charts.domains(spaces)
    assert low <= -8 and high >= 1 and bottom <= -10 and top >= 0
    assert high - low <= 10.5


def test_boxes_stand_where_their_ranges_are() -> None:
    boxes = tables.boxes_table({"round 1": SearchSpace()}).to_pydict()
    assert boxes == {"label": ["round 1"], "lr": [-6.0], "lr_high": [-2.0], "wd": [-8.0], "wd_high": [-4.0]}


@pytest.mark.parametrize("width", [340, 800, 1280])
def test_the_chart_keeps_to_vega_lites_schema(width: int) -> None:
    alt.Chart.from_dict({**spec(width), "params": []})  # raises what is wrong; Altair writes shared params otherwise
