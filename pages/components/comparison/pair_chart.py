"""The chart of two rounds side by side on the same axes."""

from typing import Any

import altair as alt

from core.space import SearchSpace
from pages.components.frame.translation import catalogue
from pages.components.refresh.cache import memoize
from pages.components.round.chart_style import (
    AXIS,
    FAINT,
    INK,
    MEDIUM,
    Domain,
    accuracy_axis,
    accuracy_colour,
    config,
    diverged_shape,
    domains,
    power_axis,
    to_vega_lite,
    trial_numbers,
    trial_tooltip,
)

MAP_HEIGHT, STRIP, GAP = 220, 90, 30  # pixels: of the map, of a strip across, between the rounds
SIDES = ("first", "second")  # names of the tables


@memoize(64)
def pair_spec(width: int, space: SearchSpace, titles: tuple[str, str], lang: str, dark: bool) -> dict[str, Any]:
    """Two maps with their strips, for the tables named in SIDES.

    width: pixels of the page    space: ranges of both    dark: whether the theme is dark
    """
    word = catalogue(lang).gettext
    lr, wd = domains([space])
    columns = 2 if width >= MEDIUM else 1
    side = (width - GAP * (columns - 1)) // columns - STRIP - AXIS - 26
    parts = [one_side(name, title, side, lr, wd, word, dark) for name, title in zip(SIDES, titles, strict=True)]
    beside = "hconcat" if columns == 2 else "vconcat"
    room = {"right": 4}  # pixels; Vega estimates the width of labels and cut off a last digit
    return {"$schema": alt.SCHEMA_URL, "config": config(dark), "padding": room, beside: parts, "spacing": GAP}


def one_side(name: str, title: str, side: int, lr: Domain, wd: Domain, word: Any, dark: bool) -> dict[str, Any]:
    """One round: the map, accuracy by weight decay beside it, accuracy by learning rate below.

    name: of the table    side: width of the map in pixels
    """
    points = alt.Chart(alt.NamedData(name)).mark_point(filled=True, size=70, opacity=0.95)
    numbers = {"calculate": trial_numbers(word)["calculate"], "as_": "numbers"}
    points = points.transform_calculate(**numbers).transform_calculate(trained="isValid(datum.validation)")
    shown = points.encode(
        color=alt.condition("datum.trained", accuracy_colour(), alt.value(FAINT)),
        shape=diverged_shape(),
        tooltip=trial_tooltip(),
    )
    axes = {"x": power_axis("x", "lr", None, lr), "y": power_axis("y", "wd", word("weight decay"), wd)}
    heading = alt.Title(title, anchor="start", fontSize=14, color=INK[dark])
    picture = shown.encode(**axes).properties(width=side, height=MAP_HEIGHT, title=heading)
    accuracy = {channel: accuracy_axis(channel, word("accuracy")) for channel in ("x", "y")}
    measured = shown.transform_filter("datum.trained")  # a trial without an accuracy is on the map alone
    beside = measured.encode(x=accuracy["x"], y=power_axis("y", "wd", None, wd))
    below = measured.encode(x=power_axis("x", "lr", word("learning rate"), lr), y=accuracy["y"])
    top = [to_vega_lite(picture), to_vega_lite(beside.properties(width=STRIP, height=MAP_HEIGHT))]
    rows = [{"hconcat": top, "spacing": 10}, to_vega_lite(below.properties(width=side, height=STRIP))]
    return {"vconcat": rows, "spacing": 10}
