"""The map and the curves fit the page, keep fixed scales, and do not change while their tables do."""

import json
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import altair as alt
import pytest

from core.space import LogRange, SearchSpace
from pages.components.round import chart_style, page_layout
from pages.components.round.box_labels import LINE, Box, text_width
from pages.components.round.curves_chart import curves_spec, tables_of
from pages.components.round.map_chart import TABLES, map_spec
from pages.components.round.searched_axes import ShownAxes
from pages.components.round.tables import Plane, boxes_table

WIDE, TALL = chart_style.Domain(-7, -1), chart_style.Domain(-9, -3)


SHOWN = ShownAxes((("learning_rate", WIDE), ("weight_decay", TALL)), "learning_rate", "weight_decay")
WIDTHS = [340, 1280]  # of one column and of two


def spec(width: int = 1200, **changes: object) -> dict[str, Any]:
    """The curves."""
    settings: dict[str, Any] = {"epochs": 20, "panels": 20, "shown": SHOWN, "lang": "en", "dark": False}
    return curves_spec(width, **{**settings, **changes})


def both(width: int = 1200) -> list[dict[str, Any]]:
    """The map and the curves."""
    return [map_spec(width, SHOWN, "en", False), spec(width)]


def test_the_rungs_are_marked_in_the_panels() -> None:
    axes = [part["encoding"]["x"]["axis"] for part in parts(spec(rungs=(2, 4))) if has_epochs(part)]
    assert axes and all(axis["values"] == [1, 2, 4, 20] and axis["grid"] for axis in axes)
    plain = [part["encoding"]["x"]["axis"] for part in parts(spec()) if has_epochs(part)]
    assert all(axis["values"] == [1, 20] and not axis["grid"] for axis in plain)


def test_a_rank_and_its_accuracy_are_apart_in_svg_although_it_joins_spaces() -> None:
    titles = [step["calculate"] for part in parts(spec()) for step in part.get("transform", []) if "calculate" in step]
    assert len(titles) == 1 and "'\u00a0\u00a0\u00a0' + format" in titles[0] and "  " not in titles[0]


def has_epochs(part: dict[str, Any]) -> bool:
    return part.get("encoding", {}).get("x", {}).get("field") == "epoch"


def test_the_chart_is_built_once_for_the_same_page() -> None:
    assert spec() is spec()


@pytest.mark.parametrize("width", WIDTHS)
def test_every_scale_of_the_charts_is_fixed(width: int) -> None:
    scales = [part["scale"] for part in parts(both(width)) if isinstance(part.get("scale"), dict)]
    assert len(scales) > 10
    assert [scale for scale in scales if "domain" not in scale] == []


@pytest.mark.parametrize("width", WIDTHS)
def test_a_chart_names_the_tables_that_it_is_given_and_holds_no_data(width: int) -> None:
    for chart, tables in zip(both(width), (TABLES, tables_of(width)), strict=True):
        written = json.dumps(chart)
        assert {part["name"] for part in parts(chart) if set(part) == {"name"}} == set(tables)
        assert '"values": [{' not in written


def test_map_and_strips_are_brushed_and_every_part_answers_to_clicks() -> None:
    for width in WIDTHS:
        clicked, brushed = [], []
        for chart in both(width):
            selections = {param["name"]: param["views"] for param in chart["params"] if "select" in param}
            clicked += selections.pop("picked")
            brushed += [view for views in selections.values() for view in views]
        assert sorted(clicked) == ["by_lr", "by_wd", "map", "panel"]
        assert sorted(brushed) == ["by_lr", "by_wd", "map"]


def test_marks_drawn_on_hovering_do_not_catch_the_pointer() -> None:
    rings = [part for part in parts(both()) if "hover" in json.dumps(part.get("transform", []))]
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
    sizes = page_layout.layout(width)
    assert sizes.map > 120 and sizes.panel > 70
    assert sizes.map + sizes.strip + sizes.side + chart_style.AXIS <= width
    assert sizes.columns * sizes.panel + (sizes.columns - 1) * page_layout.GAP + chart_style.AXIS <= width


def test_the_map_shows_all_ranges_and_nothing_beyond_the_reach() -> None:
    spaces = [SearchSpace(), SearchSpace(LogRange(-8, 1), LogRange(-10, 0))]
    (low, high), (bottom, top) = chart_style.domains(spaces)
    assert low <= -8 and high >= 1 and bottom <= -10 and top >= 0
    assert high - low <= 10.5


@pytest.mark.parametrize("width", [340, pytest.param(800, marks=pytest.mark.long), 1280])
def test_the_charts_keep_to_vega_lites_schema(width: int) -> None:
    for chart in both(width):
        alt.Chart.from_dict({**chart, "params": []})  # raises what is wrong; Altair writes shared params otherwise


def test_colours_are_told_from_the_background_and_text_can_be_read() -> None:
    for dark in (False, True):
        paper = chart_style.PAPER[dark]
        assert min(contrast(colour, paper) for colour in chart_style.RAMP[dark]) >= 3
        assert contrast(chart_style.PRIMARY[dark], paper) >= 4.5
        for chart in [map_spec(1200, SHOWN, "en", dark), spec(dark=dark)]:
            for text in (chart["config"]["axis"], chart["config"]["legend"]):
                assert min(text["labelFontSize"], text["titleFontSize"]) >= 12
                assert min(contrast(text[name], paper) for name in ("labelColor", "titleColor")) >= 4.5
            marks = [part["mark"] for part in parts(chart) if isinstance(part.get("mark"), dict)]
            words = [mark for mark in marks if mark["type"] == "text"]
            assert words and min(mark["fontSize"] for mark in words) >= 12
            assert min(contrast(mark["color"], paper) for mark in words) >= 4.5


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours (WCAG 2)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """The relative luminance of a colour (WCAG 2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(-7, -1, [-7, -6, -5, -4, -3, -2, -1]), (-2.9, -2.1, [-2.8, -2.6]), (-3.4, -1.4, [-3, -2])],
)
def test_an_axis_of_exponents_has_whole_ones_or_else_tenths(low: float, high: float, ticks: list[float]) -> None:
    found = chart_style.tick_exponents(chart_style.Domain(low, high))
    assert set(ticks) <= set(found) and len(found) > 1
    assert all(low <= tick <= high for tick in found)


def test_labels_of_ranges_are_not_written_over_each_other() -> None:
    space = SearchSpace(LogRange(-4, -2), LogRange(-8, -4))
    spaces = {
        f"round {number}": space.with_range("learning_rate", LogRange(-4, -2 + number / 10)) for number in range(6)
    }
    plane = Plane(500, 300, WIDE, TALL)
    table = boxes_table(spaces, space, plane).to_pylist()
    wide, high = 500 / 6, 300 / 6
    spots = [
        Box((row["label_lr"] + 7) * wide, (row["label_wd"] + 9) * high, (row["label_lr"] + 7) * wide
            + text_width(row["label"]), (row["label_wd"] + 9) * high + LINE)
        for row in table if row["label_lr"] is not None
    ]  # fmt: skip
    assert len(spots) >= 5  # and what cannot be written without a collision is left out
    assert [one for one, other in combinations(spots, 2) if shrunk(one).meets(shrunk(other))] == []
    assert [row["label"] for row in table if row["next"]] == ["round 0"] and table[-1]["next"]


def shrunk(box: Box) -> Box:
    """Smaller by what is lost in rounding."""
    return Box(box.left + 0.01, box.bottom + 0.01, box.right - 0.01, box.top - 0.01)
