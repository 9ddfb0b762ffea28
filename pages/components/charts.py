"""The live chart, built once: it refers to the tables of tables.py by their names and stays the same while they change.

So the browser moves the marks and never builds the chart anew.
"""

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import altair as alt

from core.space import REACHES, SearchSpace
from pages.components.text import catalogue

MAP_HEIGHT, STRIP, PANEL_HEIGHT = 300, 90, 84
GAP, AXIS = 14, 52  # between panels; room for an axis with its title
WIDE, MEDIUM = 900, 620  # pixels; below MEDIUM everything stands in one column
VALIDATION, TRAINING, BOX, FAINT = "#3b82c4", "#d97706", "#8a8f98", "#9aa0a6"
REPEATED = "#c2417c"  # trials trained again on other seeds
INK = {False: "#31333f", True: "#e3e5e8"}  # text that no axis belongs to, by whether the theme is dark
PAPER = {False: "#ffffff", True: "#171614"}  # what Streamlit draws on
NO_HEADER = alt.Header(
    title=None, labelFontSize=1, labelColor="transparent", labelPadding=0
)  # labels=False is not heeded
# a drag always draws a new box, also where the old one lies
BRUSH = {"type": "interval", "encodings": ["x", "y"], "translate": False, "zoom": False}
PICK = {"type": "point", "fields": ["trial"], "on": "click", "toggle": False}
HOVER = {"type": "point", "fields": ["trial"], "on": "pointerover", "clear": "pointerout"}
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


@lru_cache(maxsize=256)  # 50 KB each, and 0.1 s to build
def live_spec(
    width: int, epochs: int, panels: int, lr: Domain, wd: Domain, lang: str, dark: bool, rungs: tuple[int, ...] = ()
) -> dict[str, Any]:
    """The live chart: the map, accuracy against either exponent alone, and the Best panels, all linked.

    width: pixels of the page    epochs, panels, rungs: of the round    lr, wd: what the map shows    dark: the theme
    """
    word = catalogue(lang).gettext
    sizes = layout(width)
    hover = alt.selection_point(name="hover", empty=False)
    axes = {
        "lr": power_axis("x", "lr", word("learning rate"), lr),
        "wd": power_axis("y", "wd", word("weight decay"), wd),
    }
    bare = {"lr": power_axis("x", "lr", None, lr), "wd": power_axis("y", "wd", None, wd)}
    ink, paper = INK[dark], PAPER[dark]
    plane = {"lr": bare["lr"], "wd": axes["wd"]}
    picture = the_map(plane, word, hover, colour_bar(word, sizes), ink, paper).properties(
        width=sizes.map, height=MAP_HEIGHT
    )
    by_rate = strip("by_lr", axes["lr"], accuracy_axis("y", word("accuracy")), word, hover, paper).properties(
        width=sizes.map, height=STRIP
    )
    if sizes.strip:
        by_decay = strip("by_wd", bare["wd"], accuracy_axis("x", None), word, hover, paper)
        top = alt.hconcat(picture, by_decay.properties(width=sizes.strip, height=MAP_HEIGHT), spacing=12)
        rows = [top, by_rate]
    else:
        decay = power_axis("x", "wd", word("weight decay"), wd)
        by_decay = strip("by_wd", decay, accuracy_axis("y", word("accuracy")), word, hover, paper)
        rows = [picture, by_rate, by_decay.properties(width=sizes.map, height=STRIP)]
    how = word("accuracy by epoch: validation solid, training dashed")
    best = panel(epochs, ink, hover, rungs).properties(width=sizes.panel, height=PANEL_HEIGHT)
    grid = best.facet(
        facet=alt.Facet("rank:O", header=NO_HEADER, sort="ascending"),
        columns=sizes.columns,
        spacing=GAP,
        title=alt.Title(
            word("Best-1 to Best-{count}").format(count=panels),
            subtitle=how + (word("; ○ where a trial was given up early") if rungs else ""),
            anchor="start",
            fontSize=14,
            subtitlePadding=4,
            subtitleColor=ink,
            offset=14,
        ),
    )
    chart = alt.vconcat(*rows, grid, spacing=16, data=alt.NamedData("points"))
    chart = chart.configure(aria=False).configure_view(stroke=BOX, strokeOpacity=0.35)  # the chart has words of its own
    spec: dict[str, Any] = chart.to_dict(validate=False)  # tests do
    views = list(named_views(spec))  # one selection for many views: Altair says it only with a warning
    maps = [name for name in views if name.startswith("map")]
    spec["params"] = [
        {"name": "brush", "select": BRUSH, "views": maps},
        {"name": "hover", "select": HOVER, "views": views},
        {"name": "picked", "select": PICK, "views": views},
    ]
    return spec


def named_views(spec: dict[str, Any]) -> Iterator[str]:
    """The names of a chart's views; Altair adds numbers to those it was given."""
    if "name" in spec:
        yield spec["name"]
    for parts in ("hconcat", "vconcat", "layer"):
        for part in spec.get(parts, []):
            yield from named_views(part)
    if "spec" in spec:
        yield from named_views(spec["spec"])


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


def the_map(
    axes: dict[str, Any], word: Any, hover: alt.Parameter, legend: alt.Legend, ink: str, paper: str
) -> alt.LayerChart:
    """Trials on the log plane, with the ranges of all rounds as boxes and earlier trials faint behind.

    ink, paper: colours of the theme
    """
    boxes = alt.Chart(alt.NamedData("boxes"))
    outlines = boxes.mark_rect(fillOpacity=0, stroke=BOX, strokeWidth=1.2, strokeDash=[5, 3]).encode(
        x2="lr_high:Q", y2="wd_high:Q"
    )
    labels = boxes.mark_text(align="left", baseline="bottom", dx=3, dy=-3, color=BOX, fontSize=11).encode(
        text="label:N"
    )
    faint = alt.Chart(alt.NamedData("earlier")).mark_point(size=22, color=FAINT, opacity=0.5)
    trials = alt.Chart(alt.NamedData("points"))
    points = trials.mark_point(filled=True, size=90, opacity=0.95, stroke=BOX, strokeWidth=0.5).encode(
        color=accuracy_colour(legend), shape=diverged_shape(), tooltip=details(word)
    )
    points = points.properties(name="map")
    # without a tooltip the pointer goes through the ring; one that it met would be drawn anew, met again, and so on
    ring = trials.mark_point(size=320, strokeWidth=2.5, color=TRAINING, filled=False).transform_filter(hover)
    again = alt.Chart(alt.NamedData("repeats")).mark_point(
        shape="square", size=260, strokeWidth=1.5, color=REPEATED, filled=False
    )
    pointed = alt.Chart(alt.NamedData("pointed")).mark_point(size=320, strokeWidth=1.5, color=ink, filled=False)
    layers = outlines, labels, faint, again, points, holes(trials, 30, paper), pointed, ring
    return alt.layer(*layers, encoding=shared(x=axes["lr"], y=axes["wd"]))


def shared(**channels: Any) -> alt.SharedEncoding:
    """What all layers of a view have in common, written down once: the chart travels with every tick."""
    return alt.SharedEncoding(**channels)


def diverged_shape() -> alt.Shape:
    """A cross for diverged trials, a disc for the others."""
    return alt.Shape("diverged:N", scale=alt.Scale(domain=[False, True], range=["circle", "cross"]), legend=None)


def holes(trials: alt.Chart, size: int, paper: str) -> alt.Chart:
    """What makes rings of the discs of trials that were given up; like `ring`, no pointer meets it."""
    hole = trials.mark_point(filled=True, size=size, opacity=1, color=paper, stroke=BOX, strokeWidth=1)
    return hole.transform_filter("datum.given_up")


def strip(name: str, exponent_axis: Any, accuracy: Any, word: Any, hover: alt.Parameter, paper: str) -> alt.LayerChart:
    """Accuracy against one exponent alone, on whichever sides the axes are for. paper: the theme's background"""
    trials = alt.Chart(alt.NamedData("points"))
    points = trials.mark_point(filled=True, size=36, opacity=0.9).encode(
        color=accuracy_colour(), shape=diverged_shape(), tooltip=details(word)
    )
    points, inner = points.properties(name=name), holes(trials, 10, paper)
    ring = trials.mark_point(size=140, strokeWidth=2, color=TRAINING, filled=False).transform_filter(hover)
    repeats = alt.Chart(alt.NamedData("repeats"))
    if isinstance(exponent_axis, alt.X):
        bars = repeats.encode(y="low:Q", y2="high:Q")
        return alt.layer(points, inner, ring, error_bars(bars), encoding=shared(x=exponent_axis, y=accuracy))
    bars = repeats.encode(x="low:Q", x2="high:Q")
    return alt.layer(points, inner, ring, error_bars(bars), encoding=shared(x=accuracy, y=exponent_axis))


def error_bars(ends: alt.Chart) -> alt.Chart:
    """Mean plus and minus one standard deviation over other seeds."""
    return ends.mark_rule(strokeWidth=2.5, color=REPEATED)


def panel(epochs: int, ink: str, hover: alt.Parameter, rungs: tuple[int, ...]) -> alt.LayerChart:
    """One trial's curves, with its rank and accuracy above; lines at the rungs, a ring where it was given up."""
    low, high = (1, epochs) if epochs > 1 else (0.5, 1.5)
    x = alt.X(
        "epoch:Q",
        title=None,
        axis=alt.Axis(
            values=sorted({1, epochs, *rungs}),
            format="d",
            grid=bool(rungs),
            gridOpacity=0.4,
            gridDash=[2, 2],
            labelOverlap="greedy",
        ),
        scale=alt.Scale(domain=[low, high], nice=False),
    )
    y_axis = alt.Axis(
        values=[0, 0.5, 1], labelExpr="datum.value == 0.5 ? '' : datum.label", format="d", gridOpacity=0.4
    )
    scale = alt.Scale(domain=[0, 1])
    base = alt.Chart().encode(x=x)
    first = alt.Chart().transform_filter("datum.first")
    ground = (
        first.properties(name="panel")
        .mark_rect(fill=BOX, fillOpacity=0.0)
        .encode(
            x=alt.value(0),
            x2=alt.value("width"),
            y=alt.value(0),
            y2=alt.value("height"),
            fillOpacity=alt.condition(hover, alt.value(0.22), alt.value(0.0)),
        )
    )
    title = "'Best-' + datum.rank + (datum.trial < 0 ? '' : '   ' + format(datum.last, '.2f'))"
    heading = first.transform_calculate(title=title + " + (datum.given_up ? '  ○' : '')").mark_text(
        align="left", baseline="bottom", dy=-4, fontSize=11, color=ink
    )
    heading = heading.encode(x=alt.value(0), y=alt.value(0), text="title:N")
    validation = base.mark_line(color=VALIDATION, strokeWidth=2).encode(
        y=alt.Y("validation:Q", title=None, axis=y_axis, scale=scale)
    )
    training = base.mark_line(color=TRAINING, strokeWidth=1.5, strokeDash=[4, 3]).encode(
        y=alt.Y("training:Q", title=None, axis=y_axis, scale=scale)
    )
    end = base.transform_filter("datum.given_up == datum.epoch").mark_point(
        size=34, strokeWidth=1.5, color=VALIDATION, filled=False
    )
    end = end.encode(y=alt.Y("validation:Q", title=None, axis=y_axis, scale=scale))
    return alt.layer(ground, heading, training, validation, end, data=alt.NamedData("curves"))
