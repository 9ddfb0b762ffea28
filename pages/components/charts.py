"""The live chart, built once: it refers to the tables of tables.py by their names and stays the same while they change.

So the browser moves the marks and never builds the chart anew.
"""

import math
from typing import Any, NamedTuple

import altair as alt

from core.space import REACHES, SearchSpace
from pages.components.remembered import made_once
from pages.components.text import catalogue

MAP_HEIGHT, STRIP, PANEL_HEIGHT = 300, 90, 84
GAP, AXIS = 14, 52  # between panels; room for an axis with its title
WIDE, MEDIUM = 900, 620  # pixels; below MEDIUM everything stands in one column
VALIDATION, TRAINING, BOX, FAINT = "#3b82c4", "#d97706", "#8a8f98", "#9aa0a6"
REPEATED = "#c2417c"  # trials trained again on other seeds
CONFIG = {"aria": False, "view": {"stroke": BOX, "strokeOpacity": 0.35}}  # charts have words of their own
INK = {False: "#31333f", True: "#e3e5e8"}  # text that no axis belongs to, by whether the theme is dark
PAPER = {False: "#ffffff", True: "#171614"}  # what Streamlit draws on
NO_HEADER = alt.Header(
    title=None, labelFontSize=1, labelColor="transparent", labelPadding=0
)  # labels=False is not heeded
# a drag always draws a new box, also where the old one lies
BRUSH = {"type": "interval", "encodings": ["x", "y"], "translate": False, "zoom": False}
PICK = {"type": "point", "fields": ["trial"], "on": "click", "toggle": False}
HOVER = {"type": "point", "fields": ["trial"], "on": "pointerover", "clear": "pointerout"}
APART = 3 * "\u00a0"  # SVG makes one of plain spaces: Best-1 and 0.72 would read as 10.72
NO_DATA = ("data", {"name": "empty"})  # what Altair puts in where there are none
HOVERED = {"param": "hover", "empty": False}
VIEWS = ("map", "by_lr", "by_wd", "panel")  # what answers to pointing and clicks
# an axis label, 10 to the power of a whole number, as a Vega expression
POWER_OF_TEN = (
    "'10' + (datum.value < 0 ? '⁻' : '') + ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹', '¹⁰'][abs(datum.value)]"
)


class Domain(NamedTuple):
    """What the map shows: exponents from and to."""

    low: float
    high: float


class Layout(NamedTuple):
    """Widths in pixels for a page of some width."""

    map: int
    strip: int  # beside the map; 0: below it
    panel: int
    columns: int
    aside: int  # free space right of the map; 0: none


def layout(width: int) -> Layout:
    """How the chart uses a page `width` pixels wide."""
    columns = 5 if width >= WIDE else 4 if width >= MEDIUM else 2
    panel = (width - AXIS - 30 - GAP * (columns - 1)) // columns
    if width < MEDIUM:
        return Layout(width - AXIS - 16, 0, panel, columns, 0)
    aside = int(0.38 * width) if width >= WIDE else 0
    strip = 110
    return Layout(width - aside - strip - AXIS - 44, strip, panel, columns, aside)


def domains(spaces: list[SearchSpace]) -> tuple[Domain, Domain]:
    """Exponent ranges for the map's axes that hold all the ranges given, to half exponents, and a little more."""
    found = []
    for axis in ("learning_rate", "weight_decay"):
        ranges = [space.ranges()[axis] for space in spaces]
        low, high = min(range_.low for range_ in ranges), max(range_.high for range_ in ranges)
        reach = REACHES[axis]
        found.append(
            Domain(max(math.floor(low - 0.25), reach.low - 0.5), min(math.ceil(high + 0.25), reach.high + 0.5))
        )
    return found[0], found[1]


@made_once(256)  # 50 KB and a twentieth of a second each
def live_spec(
    width: int, epochs: int, panels: int, lr: Domain, wd: Domain, lang: str, dark: bool, rungs: tuple[int, ...] = ()
) -> dict[str, Any]:
    """The live chart: the map, accuracy against either exponent alone, and the Best panels, all linked.

    width: pixels of the page    epochs, panels, rungs: of the round    lr, wd: what the map shows    dark: the theme
    """
    word = catalogue(lang).gettext
    sizes = layout(width)
    axes = {
        "lr": power_axis("x", "lr", word("learning rate"), lr),
        "wd": power_axis("y", "wd", word("weight decay"), wd),
    }
    bare = {"lr": power_axis("x", "lr", None, lr), "wd": power_axis("y", "wd", None, wd)}
    ink, paper = INK[dark], PAPER[dark]
    plane = {"x": bare["lr"], "y": axes["wd"]}
    picture = layered(the_map(word, colour_bar(word, sizes), ink, paper), plane, width=sizes.map, height=MAP_HEIGHT)
    by_rate = {"x": axes["lr"], "y": accuracy_axis("y", word("accuracy"))}
    below = layered(strip("by_lr", "x", word, paper), by_rate, width=sizes.map, height=STRIP)
    if sizes.strip:
        by_decay = {"x": accuracy_axis("x", None), "y": bare["wd"]}
        beside = layered(strip("by_wd", "y", word, paper), by_decay, width=sizes.strip, height=MAP_HEIGHT)
        rows = [{"hconcat": [picture, beside], "spacing": 12}, below]
    else:
        by_decay = {"x": power_axis("x", "wd", word("weight decay"), wd), "y": accuracy_axis("y", word("accuracy"))}
        rows = [picture, below, layered(strip("by_wd", "x", word, paper), by_decay, width=sizes.map, height=STRIP)]
    return {
        "$schema": alt.SCHEMA_URL,
        "config": CONFIG,
        "data": {"name": "points"},
        "vconcat": [*rows, the_best(epochs, panels, rungs, word, sizes, ink)],
        "spacing": 16,
        "params": [
            {"name": "brush", "select": BRUSH, "views": ["map"]},
            {"name": "hover", "select": HOVER, "views": [*VIEWS]},
            {"name": "picked", "select": PICK, "views": [*VIEWS]},
        ],
    }


def the_best(epochs: int, panels: int, rungs: tuple[int, ...], word: Any, sizes: Layout, ink: str) -> dict[str, Any]:
    """The grid of panels, one a trial."""
    how = word("accuracy by epoch: validation solid, training dashed")
    title = alt.Title(
        word("Best-1 to Best-{count}").format(count=panels),
        subtitle=how + (word("; ○ where a trial was given up early") if rungs else ""),
        anchor="start",
        fontSize=14,
        subtitlePadding=4,
        subtitleColor=ink,
        offset=14,
    )
    return {
        "data": {"name": "curves"},
        "facet": vega(alt.Facet("rank:O", header=NO_HEADER, sort="ascending")),
        "columns": sizes.columns,
        "spacing": GAP,
        "title": vega(title),
        "spec": layered(panel(epochs, ink, rungs), width=sizes.panel, height=PANEL_HEIGHT),
    }


def vega(part: alt.SchemaBase) -> dict[str, Any]:
    """A part of a chart in Vega-Lite, to be put together with others here.

    Altair copies every part at every joint: this chart took it half a second. A view without data has those of what
    it is part of.
    """
    made: dict[str, Any] = part.to_dict(validate=False, context={"top_level": False})  # tests do
    return {name: value for name, value in made.items() if (name, value) != NO_DATA}


def layered(layers: list[alt.Chart], encoding: dict[str, Any] | None = None, **size: int) -> dict[str, Any]:
    """Layers of one view. encoding: channels that they have in common, written down once, as the chart travels"""
    channels = {"encoding": {name: vega(channel) for name, channel in encoding.items()}} if encoding else {}
    return {"layer": [vega(layer) for layer in layers], **channels, **size}


def power_axis(channel: str, field: str, title: str | None, domain: Domain) -> alt.X | alt.Y:
    """An exponent's axis, labelled 10⁻³; without a title it is bare, as a neighbour shares it."""
    powers = list(range(math.ceil(domain.low), math.floor(domain.high) + 1))
    labels = {"labelExpr": POWER_OF_TEN} if title is not None else {"labels": False}
    axis = alt.Axis(values=powers, gridOpacity=0.4, ticks=False, **labels)
    scale = alt.Scale(domain=list(domain), nice=False, zero=False)
    return {"x": alt.X, "y": alt.Y}[channel](f"{field}:Q", title=title, axis=axis, scale=scale)


def accuracy_axis(channel: str, title: str | None, field: str = "validation") -> alt.X | alt.Y:
    """An axis from 0 to 1."""
    axis = alt.Axis(values=[0, 0.5, 1], format=".1f", gridOpacity=0.4)
    encoding = {"x": alt.X, "y": alt.Y}[channel]
    return encoding(f"{field}:Q", title=title, axis=axis, scale=alt.Scale(domain=[0, 1]))


def accuracy_colour(legend: Any = alt.Undefined) -> alt.Color:
    """Validation accuracy as a colour that the colour-blind can tell, 0 to 1."""
    return alt.Color("validation:Q", scale=alt.Scale(scheme="viridis", domain=[0, 1]), legend=legend)


def colour_bar(word: Any, sizes: Layout) -> alt.Legend:
    """What the colours mean, in the corner between the strips where there is one, else above the map."""
    bar: dict[str, Any] = {"title": word("val acc"), "values": [0, 0.5, 1], "format": ".1f", "direction": "horizontal"}
    if sizes.strip:
        place = {"orient": "none", "legendX": sizes.map + 24, "legendY": MAP_HEIGHT + 46}
        return alt.Legend(**bar, **place, gradientLength=sizes.strip - 16)
    return alt.Legend(**bar, orient="top", gradientLength=140, offset=4)


def details(word: Any) -> list[alt.Tooltip]:
    """What pointing at a trial tells."""
    return [
        alt.Tooltip("rank:Q", title=word("rank")),
        alt.Tooltip("validation:Q", title=word("validation accuracy"), format=".3f"),
        alt.Tooltip("training:Q", title=word("training accuracy"), format=".3f"),
        alt.Tooltip("learning_rate:Q", title=word("learning rate"), format=".2~e"),
        alt.Tooltip("weight_decay:Q", title=word("weight decay"), format=".2~e"),
        alt.Tooltip("epochs:Q", title=word("epochs")),
        alt.Tooltip("diverged:N", title=word("diverged")),
    ]


def the_map(word: Any, legend: alt.Legend, ink: str, paper: str) -> list[alt.Chart]:
    """Trials on the log plane, with the ranges of all rounds as boxes and earlier trials faint behind.

    ink, paper: colours of the theme
    """
    boxes = alt.Chart(alt.NamedData("boxes"))
    outlines = boxes.mark_rect(fillOpacity=0, stroke=BOX, strokeWidth=1.2, strokeDash=[5, 3])
    outlines = outlines.encode(alt.X2("lr_high"), alt.Y2("wd_high"))
    labels = boxes.mark_text(align="left", baseline="bottom", dx=3, dy=-3, color=BOX, fontSize=11)
    labels = labels.encode(alt.Text("label:N"))
    faint = alt.Chart(alt.NamedData("earlier")).mark_point(size=22, color=FAINT, opacity=0.5)
    trials = alt.Chart(alt.NamedData("points"))
    points = trials.mark_point(filled=True, size=90, opacity=0.95, stroke=BOX, strokeWidth=0.5)
    points = points.encode(accuracy_colour(legend), diverged_shape(), details(word)).properties(name="map")
    # without a tooltip the pointer goes through the ring; one that it met would be drawn anew, met again, and so on
    ring = trials.mark_point(size=320, strokeWidth=2.5, color=TRAINING, filled=False).transform_filter(HOVERED)
    repeats = alt.Chart(alt.NamedData("repeats"))
    again = repeats.mark_point(shape="square", size=260, strokeWidth=1.5, color=REPEATED, filled=False)
    pointed = alt.Chart(alt.NamedData("pointed")).mark_point(size=320, strokeWidth=1.5, color=ink, filled=False)
    return [outlines, labels, faint, again, points, holes(trials, 30, paper), pointed, ring]


def diverged_shape() -> alt.Shape:
    """A cross for diverged trials, a disc for the others."""
    return alt.Shape("diverged:N", scale=alt.Scale(domain=[False, True], range=["circle", "cross"]), legend=None)


def holes(trials: alt.Chart, size: int, paper: str) -> alt.Chart:
    """What makes rings of the discs of trials that were given up; like `ring`, no pointer meets it."""
    hole = trials.mark_point(filled=True, size=size, opacity=1, color=paper, stroke=BOX, strokeWidth=1)
    return hole.transform_filter("datum.given_up")


def strip(name: str, along: str, word: Any, paper: str) -> list[alt.Chart]:
    """Accuracy against one exponent alone. along: the exponent's side, "x" or "y"    paper: the theme's background"""
    trials = alt.Chart(alt.NamedData("points"))
    points = trials.mark_point(filled=True, size=36, opacity=0.9).properties(name=name)
    points = points.encode(accuracy_colour(), diverged_shape(), details(word))
    ring = trials.mark_point(size=140, strokeWidth=2, color=TRAINING, filled=False).transform_filter(HOVERED)
    ends = (alt.Y("low:Q"), alt.Y2("high")) if along == "x" else (alt.X("low:Q"), alt.X2("high"))
    repeats = alt.Chart(alt.NamedData("repeats")).encode(*ends)
    return [points, holes(trials, 10, paper), ring, error_bars(repeats)]


def error_bars(ends: alt.Chart) -> alt.Chart:
    """Mean plus and minus one standard deviation over other seeds."""
    return ends.mark_rule(strokeWidth=2.5, color=REPEATED)


def panel(epochs: int, ink: str, rungs: tuple[int, ...]) -> list[alt.Chart]:
    """One trial's curves, with its rank and accuracy above; lines at the rungs, a ring where it was given up."""
    low, high = (1, epochs) if epochs > 1 else (0.5, 1.5)
    axis = alt.Axis(
        values=sorted({1, epochs, *rungs}),
        format="d",
        grid=bool(rungs),
        gridOpacity=0.4,
        gridDash=[2, 2],
        labelOverlap="greedy",
    )
    epoch = alt.X("epoch:Q", title=None, axis=axis, scale=alt.Scale(domain=[low, high], nice=False))
    labels = "datum.value == 0.5 ? '' : datum.label"
    axis = alt.Axis(values=[0, 0.5, 1], labelExpr=labels, format="d", gridOpacity=0.4)
    validation, training = (
        alt.Y(f"{kind}:Q", title=None, axis=axis, scale=alt.Scale(domain=[0, 1])) for kind in ("validation", "training")
    )
    curves, first = alt.Chart(), alt.Chart().transform_filter("datum.first")
    whole = alt.XValue(0), alt.X2Value("width"), alt.YValue(0), alt.Y2Value("height")
    ground = first.properties(name="panel").mark_rect(fill=BOX, fillOpacity=0.0)
    ground = ground.encode(*whole, alt.FillOpacityValue(0.0, condition={**HOVERED, "value": 0.22}))
    title = f"'Best-' + datum.rank + (datum.trial < 0 ? '' : '{APART}' + format(datum.last, '.2f'))"
    heading = first.transform_calculate(title=f"{title} + (datum.given_up ? '{APART}○' : '')")
    heading = heading.mark_text(align="left", baseline="bottom", dy=-4, fontSize=11, color=ink)
    end = curves.transform_filter("datum.given_up == datum.epoch")
    end = end.mark_point(size=34, strokeWidth=1.5, color=VALIDATION, filled=False)
    return [
        ground,
        heading.encode(alt.XValue(0), alt.YValue(0), alt.Text("title:N")),
        curves.mark_line(color=TRAINING, strokeWidth=1.5, strokeDash=[4, 3]).encode(epoch, training),
        curves.mark_line(color=VALIDATION, strokeWidth=2).encode(epoch, validation),
        end.encode(epoch, validation),
    ]
