"""The map of a round, trials by two hyperparameters, and beside and below it accuracy against each that is searched.

The chart names the tables of tables.py and holds none of their data. It stays the same from tick to tick, so the
browser moves the marks and does not build the chart again.
"""

from typing import Any

import altair as alt

from core.analysis.insights import BEST
from core.errors import N_
from core.space import AXES
from pages.components.frame.translation import catalogue
from pages.components.refresh.cache import memoize
from pages.components.round.axis_charts import place_axis, strip_brush, value_texts
from pages.components.round.chart_style import (
    AXIS,
    BOX,
    FAINT,
    HIGHLIGHT,
    INK,
    PAPER,
    PRIMARY,
    TEXT_SIZE,
    TRAINING,
    accuracy_axis,
    accuracy_colour,
    config,
    diverged_shape,
    to_vega_lite,
    trial_numbers,
    trial_tooltip,
)
from pages.components.round.page_layout import Layout, layout
from pages.components.round.searched_axes import ShownAxes, place_field, strip_view
from pages.components.round.tables import LATEST_EPOCH, Plane

MAP_HEIGHT, TALL_MAP_HEIGHT, STRIP_HEIGHT = 300, 260, 90  # pixels; the map is taller with a column beside it
MIN_STRIP, STRIP_GAP = 230, 16  # pixels for a further strip with its axis, between two of them
TITLES = {"learning_rate": N_("accuracy by learning rate"), "weight_decay": N_("accuracy by weight decay")}
TABLES = ("points", "earlier", "boxes", "repeats", "pointed")  # and guesses, where there are any
# dragging inside a box draws a new one instead of moving it
BRUSH = {
    "type": "interval",
    "encodings": ["x", "y"],
    "translate": False,
    "zoom": False,
    "clear": "dblclick, window:pointercancel",  # a drag that was cancelled leaves nothing
}
UNPICK = "unpick_{chart}"  # the event of the window by which epoch_replay.js takes back what a chart has picked
# The trial pointed at in this chart or the other one, -1 for none. epoch_replay.js sets it: Vega makes a field of it,
# and page.css hides that.
HOVER_PARAM = {"name": "hover", "value": -1, "bind": {"input": "range", "min": -1, "max": 1000, "step": 1}}
# The epoch that a replay has come to, set by epoch_replay.js too
REPLAY_PARAM = {
    "name": "replay",
    "value": LATEST_EPOCH,
    "bind": {"input": "range", "min": 1, "max": LATEST_EPOCH, "step": 1},
}
SHOWN = "datum.since <= replay && replay < datum.until"
BEST_ONLY = f"datum.rank <= {BEST}"
HOVERED = "datum.trial >= 0 && datum.trial === hover"


@memoize(256)  # each takes 25 KB, and 0.03 s to build
def map_spec(width: int, shown: ShownAxes, lang: str, dark: bool) -> dict[str, Any]:
    """The map as Vega-Lite, for the tables points, earlier, boxes, repeats and pointed.

    width: pixels of the page    shown: its axes, and those that have a strip
    lang: language of titles     dark: whether the theme is dark
    """
    word = catalogue(lang).gettext
    sizes = layout(width)
    x, y, strips = shown.x, shown.y, shown.names if sizes.strip else ()
    across = word(AXES[x].label) if not sizes.strip else None
    up = word(AXES[y].label)
    axes = {"x": place_axis("x", x, across, shown.domain(x)), "y": place_axis("y", y, up, shown.domain(y))}
    layers = map_layers(colour_legend(word, sizes), shown, dark)
    map_view = layered_view(layers, axes, width=sizes.map, height=plane(width, shown).height)
    return {
        "$schema": alt.SCHEMA_URL,
        "config": config(dark),
        **shown_trials(word, shown),
        "vconcat": with_strips(map_view, word, sizes, shown, dark) if sizes.strip else [map_view],
        "spacing": 16,
        "params": [
            HOVER_PARAM,
            REPLAY_PARAM,
            {"name": "brush", "select": BRUSH, "views": ["map"]},
            *(strip_brush(axis, "y" if axis == y else "x", BRUSH) for axis in strips),
            {"name": "picked", "select": pick("map"), "views": ["map", *map(strip_view, strips)]},
        ],
    }


def pick(chart: str) -> dict[str, Any]:
    """The selection of a trial by a click on a chart."""
    ended = f"dblclick, window:{UNPICK.format(chart=chart)}"
    return {"type": "point", "fields": ["trial"], "on": "click", "toggle": False, "clear": ended}


def shown_trials(word: Any, shown: ShownAxes) -> dict[str, Any]:
    """The data of a view and of all views in it: the trials as they were after the epoch of the replay."""
    return {
        "data": {"name": "points"},
        "transform": [{"filter": SHOWN}, trial_numbers(word, value_texts(shown.names, word))],
    }


def plane(width: int, shown: ShownAxes) -> Plane:
    """The map on a page `width` pixels wide."""
    sizes, (x, y) = layout(width), (shown.x, shown.y)
    height = TALL_MAP_HEIGHT if sizes.strip else MAP_HEIGHT
    return Plane(sizes.map, height, shown.domain(x), shown.domain(y), x, y)


def with_strips(
    map_view: dict[str, Any], word: Any, sizes: Layout, shown: ShownAxes, dark: bool
) -> list[dict[str, Any]]:
    """The map with accuracy by its upward axis beside it and by its other below it, and then by all further ones."""
    y = shown.y
    along = {"x": accuracy_axis("x", word("accuracy")), "y": place_axis("y", y, None, shown.domain(y))}
    beside = layered_view(
        strip_layers(y, "y", shown, dark), along, width=sizes.strip, height=TALL_MAP_HEIGHT,
        title=strip_title([word("accuracy"), by_axis(y, word)], dark),
    )  # fmt: skip
    rows = [{"hconcat": [map_view, beside], "spacing": 12}, strip(shown.x, sizes.map, word, shown, dark)]
    further = shown.further
    whole = sizes.map + sizes.strip + 12
    columns = max(1, min(len(further), whole // MIN_STRIP))
    width = (whole - (columns - 1) * (AXIS + STRIP_GAP)) // columns
    for first in range(0, len(further), columns):
        side_by_side = [strip(axis, width, word, shown, dark) for axis in further[first : first + columns]]
        rows.append({"hconcat": side_by_side, "spacing": STRIP_GAP})
    return rows


def strip(axis: str, width: int, word: Any, shown: ShownAxes, dark: bool) -> dict[str, Any]:
    """Accuracy against one hyperparameter, which lies across. width: pixels"""
    channels = {
        "x": place_axis("x", axis, word(AXES[axis].label), shown.domain(axis)),
        "y": accuracy_axis("y", word("accuracy")),
    }
    said = word(TITLES[axis]) if axis in TITLES else word("accuracy by {axis}").format(axis=word(AXES[axis].label))
    title = strip_title(said, dark)
    return layered_view(strip_layers(axis, "x", shown, dark), channels, width=width, height=STRIP_HEIGHT, title=title)


def by_axis(axis: str, word: Any) -> str:
    """The second line of the title of a strip."""
    if axis == "weight_decay":
        return str(word("by weight decay"))
    return str(word("by {axis}").format(axis=word(AXES[axis].label)))


def strip_title(text: str | list[str], dark: bool) -> dict[str, Any]:
    """The title of a strip, in one line or several."""
    return to_vega_lite(alt.Title(text, anchor="start", fontSize=TEXT_SIZE, color=INK[dark], offset=4))


def layered_view(layers: list[alt.Chart], encoding: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Layers of one view.

    encoding: channels that all layers share, written once because every browser is sent them
    more: properties of the view, such as its size
    """
    channels = {"encoding": {name: to_vega_lite(channel) for name, channel in encoding.items()}} if encoding else {}
    return {"layer": [to_vega_lite(layer) for layer in layers], **channels, **more}


def colour_legend(word: Any, sizes: Layout) -> alt.Legend:
    """The legend of accuracies: in the corner between the strips if there is one, else above the map."""
    bar: dict[str, Any] = {"title": word("val acc"), "values": [0, 0.5, 1], "format": ".1f", "direction": "horizontal"}
    if sizes.strip:
        place = {"orient": "none", "legendX": sizes.map + 24, "legendY": TALL_MAP_HEIGHT + 76}
        return alt.Legend(**bar, **place, gradientLength=sizes.strip - 16)
    return alt.Legend(**bar, orient="top", gradientLength=140, offset=4)


def map_layers(legend: alt.Legend, shown: ShownAxes, dark: bool) -> list[alt.Chart]:
    """Trials over the ranges of all rounds and the faint trials of earlier rounds."""
    ink, next_colour = INK[dark], PRIMARY[dark]
    faint = alt.Chart(alt.NamedData("earlier")).mark_point(size=22, color=FAINT, opacity=0.8)
    trials = alt.Chart()
    points = trials.mark_point(filled=True, size=90, opacity=0.95, stroke=ink, strokeWidth=0.6)
    points = points.encode(accuracy_colour(legend), diverged_shape(), trial_tooltip()).properties(name="map")
    # A mark without a tooltip does not catch the pointer. A ring that caught it would end and start hovering in turn.
    best = trials.mark_point(size=210, strokeWidth=1.8, color=ink, filled=False).transform_filter(BEST_ONLY)
    ring = trials.mark_point(size=340, strokeWidth=2.5, color=TRAINING, filled=False).transform_filter(HOVERED)
    repeats = alt.Chart(alt.NamedData("repeats"))
    again = repeats.mark_point(shape="square", size=300, strokeWidth=1.8, color=HIGHLIGHT, filled=False)
    pointed = alt.Chart(alt.NamedData("pointed"))
    pointed = pointed.mark_point(size=420, strokeWidth=2.5, color=next_colour, filled=False)
    holes = given_up_holes(trials, 30, PAPER[dark])
    guesses = [guess_layer()] if shown.guesses else []
    return [*range_layers(ink, next_colour, shown), faint, again, points, holes, best, *guesses, pointed, ring]


def range_layers(ink: str, next_colour: str, shown: ShownAxes) -> list[alt.Chart]:
    """Labelled ranges of the rounds: earlier ones grey and dashed, the next round's coloured and filled."""
    x, y = place_field(shown.x), place_field(shown.y)
    boxes = alt.Chart(alt.NamedData("boxes")).encode(alt.X2(f"{x}_high"), alt.Y2(f"{y}_high"))
    earlier = boxes.mark_rect(fillOpacity=0, stroke=BOX, strokeWidth=1.2, strokeDash=[5, 3])
    coming = boxes.mark_rect(fill=next_colour, fillOpacity=0.1, stroke=next_colour, strokeWidth=2)
    labels = alt.Chart(alt.NamedData("boxes")).transform_filter(f"isValid(datum.label_{x})")
    labels = labels.transform_calculate(**{x: f"datum.label_{x}", y: f"datum.label_{y}"})
    labels = labels.mark_text(align="left", baseline="bottom", fontSize=TEXT_SIZE, color=ink)
    return [
        earlier.transform_filter("!datum.next"),
        coming.transform_filter("datum.next"),
        labels.encode(alt.Text("label:N")),
    ]


def given_up_holes(trials: alt.Chart, size: int, paper: str) -> alt.Chart:
    """Discs in the background's colour over the trials that were given up, which turn these into rings."""
    hole = trials.mark_point(filled=True, size=size, opacity=1, color=paper, stroke=BOX, strokeWidth=1)
    return hole.transform_filter("datum.given_up")


def strip_layers(axis: str, along: str, shown: ShownAxes, dark: bool) -> list[alt.Chart]:
    """Accuracy against one hyperparameter alone, in a view of `shown_trials`.

    along: "x" or "y", where its places lie    dark: whether the theme is dark
    """
    trials = alt.Chart()
    points = trials.mark_point(filled=True, size=36, opacity=0.9, stroke=INK[dark], strokeWidth=0.4)
    points = points.properties(name=strip_view(axis)).encode(accuracy_colour(), diverged_shape(), trial_tooltip())
    ring = trials.mark_point(size=140, strokeWidth=2, color=TRAINING, filled=False).transform_filter(HOVERED)
    ends = (alt.Y("low:Q"), alt.Y2("high")) if along == "x" else (alt.X("low:Q"), alt.X2("high"))
    repeats = alt.Chart(alt.NamedData("repeats")).encode(*ends)
    guesses = [guess_layer()] if shown.guesses else []
    return [points, given_up_holes(trials, 10, PAPER[dark]), *guesses, ring, error_bars(repeats)]


def error_bars(ends: alt.Chart) -> alt.Chart:
    """Rules from one standard deviation below the mean over other seeds to one above it."""
    return ends.mark_rule(strokeWidth=2.5, color=HIGHLIGHT)


def guess_layer() -> alt.Chart:
    """Diamonds at the student's own guesses, on the map and on strips."""
    guesses = alt.Chart(alt.NamedData("guesses"))
    marks = guesses.mark_point(shape="diamond", filled=True, size=180, stroke=HIGHLIGHT, strokeWidth=2.5, opacity=1)
    return marks.encode(accuracy_colour(), alt.TooltipValue(alt.ExprRef("datum.said")))
