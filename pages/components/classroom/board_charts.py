"""The class board's charts, built once for the tables of board_tables.py.

Type and heights grow with the page: on a projector of 1920 pixels type has 22, to be read from the back row. What
colour shows, size, shape or a word shows too.
"""

from collections.abc import Sequence
from typing import Any

import altair as alt

from core.space import AXES
from pages.components.frame.translation import catalogue
from pages.components.refresh.cache import memoize
from pages.components.round.axis_charts import place_axis
from pages.components.round.chart_style import (
    BOX,
    FAINT,
    FIFTHS,
    HIGHLIGHT,
    INK,
    NO_HEADER,
    PAPER,
    RAMP,
    TRAINING,
    VALIDATION,
    diverged_shape,
)
from pages.components.round.searched_axes import ShownAxes, place_field

RANGES = "#7c8591"
PIXELS_PER_POINT = 83  # of the page's width for a pixel of type: 22 on a projector
SMALLEST, LARGEST = 13, 40  # pixels of type
MAP_HEIGHT, LINES_HEIGHT = {True: 23, False: 28}, {True: 11.5, False: 18}  # times the type, by whether the page is wide
FINALS_HEIGHT = {True: 20, False: 26}
PANEL_HEIGHT, MIN_PANEL_WIDTH = 2.7, 15  # of one of the best trials' panels, times the type
PANEL_AXIS, GAP = 40, 16  # pixels for a panel's axis; between panels
LEADERS = ["#3b82c4", "#d97706", "#2a9d63", "#c2417c", "#8b6fd6"]  # lines of the best, on either theme


def type_size(width: int) -> int:
    """Pixels of type on a page of so many pixels."""
    return min(max(width // PIXELS_PER_POINT, SMALLEST), LARGEST)


def in_large_type(chart: Any, size: int, dark: bool, right: float = 1.5) -> dict[str, Any]:
    """A chart as Vega-Lite in type of a size. right: room beside it, times the type, for the end of an axis's label"""
    ink, bound = INK[dark], {"labelColor": INK[dark], "titleColor": INK[dark]}
    found: dict[str, Any] = (
        chart.configure_view(stroke=BOX, strokeOpacity=0.35)
        .configure_axis(labelFontSize=size, titleFontSize=size, titleFontWeight="normal", labelLimit=400, **bound)
        .configure_legend(labelFontSize=size, titleFontSize=size, titleFontWeight="normal", titleLimit=0, **bound)
        .configure_text(fontSize=size, color=ink)
        .properties(padding={"left": 5, "top": 5, "right": round(right * size), "bottom": 5})
        .to_dict(validate=False)  # tests do
    )
    return found


def accuracy_axis(channel: Any, field: str, title: str | None, values: Sequence[float] = FIFTHS) -> Any:
    """An axis of accuracies from 0 to 1."""
    return channel(f"{field}:Q", title=title, scale=alt.Scale(domain=[0, 1]),
                   axis=alt.Axis(values=list(values), format=".1f", gridOpacity=0.4))  # fmt: skip


@memoize(128)
def map_spec(wide: bool, size: int, shown: ShownAxes, named: bool, lang: str, dark: bool) -> dict[str, Any]:
    """All trials by two hyperparameters, larger and brighter the better, over everybody's ranges.

    wide: whether the page has two columns    size: pixels of type    named: whether tooltips name the student
    dark: the theme
    """
    word = catalogue(lang).gettext
    who = alt.Tooltip("who:N", title=word("student"))
    axes = {
        channel: place_axis(channel, axis, word(AXES[axis].label), shown.domain(axis))
        for channel, axis in (("x", shown.x), ("y", shown.y))
    }
    boxes = alt.Chart(alt.NamedData("ranges")).mark_rect(
        fill=RANGES, fillOpacity=0, stroke=RANGES, strokeWidth=1.5, strokeOpacity=0.95
    )
    high = (f"{place_field(axis)}_high:Q" for axis in (shown.x, shown.y))
    ranges = boxes.encode(x2=next(high), y2=next(high), tooltip=[who])
    trials = alt.Chart(alt.NamedData("points"))
    told = [
        *([who] if named else []),
        alt.Tooltip("validation:Q", title=word("validation accuracy"), format=".3f"),
        alt.Tooltip("diverged:N", title=word("diverged")),
    ]
    legend = alt.Legend(title=word("validation accuracy"), orient="top", direction="horizontal", titleOrient="left",
                        values=[0, 0.5, 1], format=".1f", symbolType="circle", columns=3)  # fmt: skip
    points = trials.mark_point(filled=True, opacity=0.85, stroke=BOX, strokeWidth=0.8 if dark else 0.4).encode(
        color=alt.Color("validation:Q", scale=alt.Scale(range=RAMP[dark], domain=[0, 1]), legend=legend),
        size=alt.Size("validation:Q", scale=alt.Scale(domain=[0, 1], range=[18, 170]), legend=legend),
        shape=diverged_shape(),
        tooltip=told,
    )
    rings = (
        trials.transform_filter("datum.rank > 0")
        .mark_point(size=330, strokeWidth=2.5, color=HIGHLIGHT, filled=False)
    )  # fmt: skip
    first = trials.transform_filter("datum.rank == 1").mark_text(
        text="Best-1", dy=-0.6 * size - 12, fontWeight="bold", stroke=PAPER[dark], strokeWidth=4, color=PAPER[dark]
    )
    readable = first.mark_text(text="Best-1", dy=-0.6 * size - 12, fontWeight="bold", color=INK[dark])
    chart = alt.layer(ranges, points, rings, first, readable, encoding=alt.SharedEncoding(**axes))
    return in_large_type(chart.properties(height=round(MAP_HEIGHT[wide] * size)), size, dark)


@memoize(128)
def lines_spec(wide: bool, size: int, most: int, named: bool, lang: str, dark: bool) -> dict[str, Any]:
    """Everybody's best accuracy so far against the epochs spent; the lines of the best have colours and labels.

    most: end of the axis of epochs
    """
    word = catalogue(lang).gettext
    x = alt.X("spent:Q", title=word("epochs spent"), scale=alt.Scale(domain=[0, most], nice=False),
              axis=alt.Axis(format=",d", tickCount=3, gridOpacity=0.4))  # fmt: skip
    y = accuracy_axis(alt.Y, "best", word("best accuracy"), (0, 0.5, 1))
    shown = [
        *([alt.Tooltip("who:N", title=word("student"))] if named else []),
        alt.Tooltip("best:Q", title=word("validation accuracy"), format=".3f"),
        alt.Tooltip("spent:Q", title=word("epochs spent")),
    ]
    base = alt.Chart(alt.NamedData("lines")).encode(x=x, y=y)
    places = [*map(str, range(1, len(LEADERS) + 1)), ""]
    colour = alt.Color("place:N", scale=alt.Scale(domain=places, range=[*LEADERS, FAINT]), legend=None)
    width = alt.condition("datum.place", alt.value(size / 6), alt.value(1.5))
    steps = base.mark_line(interpolate="step-after", opacity=0.85)
    lines = steps.encode(detail="seat:N", order="spent:Q", color=colour, strokeWidth=width)
    ends = base.transform_filter("datum.last").mark_point(filled=True, size=4 * size, opacity=0.9).encode(color=colour)
    # its own x replaces the base's: beside the end of the axis, however far the line has come
    labels = (
        alt.Chart(alt.NamedData("lines"))
        .transform_filter("datum.label")
        .mark_text(align="left", baseline="middle", dx=8, fontWeight="bold")
        .encode(x=alt.value("width"), y=alt.Y("label_height:Q"), text="label:N", color=colour)
    )
    at = alt.Chart(alt.NamedData("budget")).encode(x=alt.X("budget:Q", scale=alt.Scale(domain=[0, most], nice=False)))
    rule = at.mark_rule(color=HIGHLIGHT, strokeDash=[6, 4], strokeWidth=2)
    sides = [
        at.transform_filter(f"datum.budget {there} {most / 2}")
        .mark_text(align=align, baseline="bottom", dx=dx)
        .encode(y=alt.value("height"), text="label:N")
        for there, align, dx in ((">", "right", -6), ("<=", "left", 6))
    ]
    chart = alt.layer(rule, lines, ends.encode(tooltip=shown), *sides, labels)
    return in_large_type(chart.properties(height=round(LINES_HEIGHT[wide] * size)), size, dark, 11 if named else 4)


@memoize(128)
def best_spec(width: int, best: int, epochs: int, lang: str, dark: bool) -> dict[str, Any]:
    """The accuracy curves of the class's best trials.

    width: pixels of the page    best: how many trials    epochs: of the longest curve
    """
    word, size, ink = catalogue(lang).gettext, type_size(width), INK[dark]
    columns = next(count for count in (5, 4, 3, 2, 1) if count == 1 or width >= count * MIN_PANEL_WIDTH * size)
    low, high = (1, epochs) if epochs > 1 else (0.5, 1.5)
    axis = alt.Axis(values=[1, epochs] if epochs > 1 else [1], format="d", grid=False)
    x = alt.X("epoch:Q", title=None, axis=axis, scale=alt.Scale(domain=[low, high], nice=False))
    ends = alt.Axis(values=[0, 0.5, 1], labelExpr="datum.value == 0.5 ? '' : datum.label", format="d", gridOpacity=0.4)

    def y(field: str) -> alt.Y:
        return alt.Y(f"{field}:Q", title=None, axis=ends, scale=alt.Scale(domain=[0, 1]))

    base = alt.Chart().encode(x=x)
    first = alt.Chart().transform_filter("datum.first")
    lines = [
        base.mark_line(color=TRAINING, strokeWidth=1.5, strokeDash=[4, 3]).encode(y=y("training")),
        base.mark_line(color=VALIDATION, strokeWidth=2.5).encode(y=y("validation")),
    ]
    side = (width - PANEL_AXIS - (GAP + 12) * (columns - 1)) // columns
    caption = round(1.3 * size)  # 29 on a projector
    called = word("The class's Best-{count}").format(count=best)
    marks = word("accuracy by epoch, validation solid, training dashed")
    title = (
        {"text": f"{called}: {marks}"} if columns > 3 else {"text": called, "subtitle": marks, "subtitleFontSize": size}
    )
    bold = {"dy": -1.3 * size, "fontSize": caption, "fontWeight": "bold"}
    words = [
        first.mark_text(align="left", baseline="bottom", color=ink, limit=side, **style).encode(
            x=alt.value(0), y=alt.value(0), text=f"{field}:N"
        )
        for field, style in (("head", bold), ("values", {"dy": -3}))
    ]
    panel = alt.layer(*lines, *words, data=alt.NamedData("curves")).transform_filter(f"datum.rank <= {best}")
    chart = panel.properties(width=side, height=PANEL_HEIGHT * size).facet(
        facet=alt.Facet("rank:O", header=NO_HEADER, sort="ascending"),
        columns=columns,
        spacing={"column": GAP, "row": 2 * size},
        title=alt.Title(anchor="start", fontSize=caption, color=ink, subtitleColor=ink, offset=1.7 * size, **title),
    )
    return in_large_type(chart, size, dark, 0)


@memoize(128)
def finals_spec(wide: bool, size: int, named: bool, lang: str, dark: bool) -> dict[str, Any]:
    """Everybody's test accuracy against the validation accuracy that led to the choice; below the line it is lower."""
    word = catalogue(lang).gettext
    table = alt.Chart(alt.NamedData("finals"))
    x = accuracy_axis(alt.X, "validation", word("validation accuracy that led to the choice"))
    y = accuracy_axis(alt.Y, "test", word("test accuracy"))
    shown = [
        *([alt.Tooltip("who:N", title=word("student"))] if named else []),
        alt.Tooltip("validation:Q", title=word("validation accuracy"), format=".3f"),
        alt.Tooltip("test:Q", title=word("test accuracy"), format=".3f"),
    ]
    points = table.mark_point(filled=True, size=130, color=VALIDATION, opacity=0.75).encode(x=x, y=y, tooltip=shown)
    line = alt.Chart(alt.sequence(0, 2, 1, as_="at")).mark_line(color=BOX, strokeDash=[6, 4], strokeWidth=2)
    even = line.encode(x="at:Q", y="at:Q")
    means = [
        table.mark_rule(color=HIGHLIGHT, strokeWidth=2.5).encode(x="mean(validation):Q"),
        table.mark_rule(color=HIGHLIGHT, strokeWidth=2.5, strokeDash=[8, 4]).encode(y="mean(test):Q"),
    ]
    labels = [
        table.mark_text(align="left", baseline="bottom", dx=6).encode(
            x="mean(validation):Q", y=alt.value(1.2 * size), text=alt.value(word("mean, validation"))
        ),
        table.mark_text(align="left", baseline="bottom", dy=-4).encode(
            x=alt.value(6), y="mean(test):Q", text=alt.value(word("mean, test"))
        ),
    ]
    chart = alt.layer(even, *means, points, *labels)
    return in_large_type(chart.properties(height=round(FINALS_HEIGHT[wide] * size)), size, dark)
