"""The chart of two rounds side by side on the same axes."""

from typing import Any

import altair as alt

from core.space import AXES, SearchSpace
from pages.components.frame.translation import catalogue
from pages.components.refresh.cache import memoize
from pages.components.round.axis_charts import place_axis, value_texts
from pages.components.round.chart_style import (
    AXIS,
    FAINT,
    INK,
    MEDIUM,
    accuracy_axis,
    accuracy_colour,
    config,
    diverged_shape,
    to_vega_lite,
    trial_numbers,
    trial_tooltip,
)
from pages.components.round.searched_axes import ShownAxes, default_shown

MAP_HEIGHT, STRIP, GAP = 220, 90, 30  # pixels: of the map, of a strip across, between the rounds
SIDES = ("first", "second")  # names of the tables


@memoize(64)
def pair_spec(width: int, space: SearchSpace, titles: tuple[str, str], lang: str, dark: bool) -> dict[str, Any]:
    """Two maps with their strips, for the tables named in SIDES.

    width: pixels of the page    space: ranges of both    dark: whether the theme is dark
    """
    word = catalogue(lang).gettext
    shown = default_shown(space)
    columns = 2 if width >= MEDIUM else 1
    side = (width - GAP * (columns - 1)) // columns - STRIP - AXIS - 26
    parts = [one_side(name, title, side, shown, word, dark) for name, title in zip(SIDES, titles, strict=True)]
    beside = "hconcat" if columns == 2 else "vconcat"
    room = {"right": 4}  # pixels; Vega estimates the width of labels and cut off a last digit
    return {"$schema": alt.SCHEMA_URL, "config": config(dark), "padding": room, beside: parts, "spacing": GAP}


def one_side(name: str, title: str, side: int, shown: ShownAxes, word: Any, dark: bool) -> dict[str, Any]:
    """One round: the map of the first two axes, accuracy by the second beside it, by the first and all further below.

    name: of the table    side: width of the map in pixels
    """
    points = alt.Chart(alt.NamedData(name)).mark_point(filled=True, size=70, opacity=0.95)
    numbers = {"calculate": trial_numbers(word, value_texts(shown.names, word))["calculate"], "as_": "numbers"}
    points = points.transform_calculate(**numbers).transform_calculate(trained="isValid(datum.validation)")
    marks = points.encode(
        color=alt.condition("datum.trained", accuracy_colour(), alt.value(FAINT)),
        shape=diverged_shape(),
        tooltip=trial_tooltip(),
    )
    x, y = shown.x, shown.y
    axes = {
        "x": place_axis("x", x, None, shown.domain(x)),
        "y": place_axis("y", y, word(AXES[y].label), shown.domain(y)),
    }
    heading = alt.Title(title, anchor="start", fontSize=14, color=INK[dark])
    picture = marks.encode(**axes).properties(width=side, height=MAP_HEIGHT, title=heading)
    accuracy = {channel: accuracy_axis(channel, word("accuracy")) for channel in ("x", "y")}
    measured = marks.transform_filter("datum.trained")  # a trial without an accuracy is on the map alone
    beside = measured.encode(x=accuracy["x"], y=place_axis("y", y, None, shown.domain(y)))
    top = [to_vega_lite(picture), to_vega_lite(beside.properties(width=STRIP, height=MAP_HEIGHT))]
    below = [
        measured.encode(x=place_axis("x", axis, word(AXES[axis].label), shown.domain(axis)), y=accuracy["y"])
        for axis in (x, *shown.further)
    ]
    strips = [to_vega_lite(one.properties(width=side, height=STRIP)) for one in below]
    return {"vconcat": [{"hconcat": top, "spacing": 10}, *strips], "spacing": 10}
