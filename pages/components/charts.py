"""The live chart: numbers to tables, and the chart that draws them, built once.

    points   # one row a trial of the round in view        earlier  # one row a trial of the rounds before it
    curves   # one row an epoch of a Best-20 trial         boxes    # one row a round's ranges

A table goes to the browser as Arrow bytes under its name; the chart refers to the names and stays the same while the
tables change, so the browser moves the marks and never builds the chart anew.
"""

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import altair as alt
import numpy as np
import pyarrow as pa

from core.again import spread
from core.progress import RoundProgress
from core.space import REACHES, SearchSpace, exponent
from pages.components.text import catalogue

PANELS = 20  # Best-1 ... Best-20
CURVE_POINTS = 60  # of an epoch axis; longer curves are thinned out
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


def points_table(progress: RoundProgress, planned: bool = False) -> pa.Table:
    """One row a trial with a score: trial, exponents lr and wd, the values, accuracies, rank from 1, epochs, fate.

    planned: the other trials too, behind them, with accuracies that are nan
    """
    ranking = progress.ranking()
    if planned:
        ranking = np.concatenate([ranking, np.flatnonzero(progress.epochs_done == 0)])
    learning_rate, weight_decay = progress.learning_rate[ranking], progress.weight_decay[ranking]
    numbers = {
        "lr": exponent(learning_rate),
        "wd": exponent(weight_decay),
        "learning_rate": learning_rate,
        "weight_decay": weight_decay,
        "validation": progress.last_validation()[ranking],
        "training": progress.last_train()[ranking],
    }
    return pa.table(
        {  # small types: a screen shows no more digits
            "trial": ranking.astype(np.int16),
            "rank": np.arange(1, len(ranking) + 1, dtype=np.int16),
            **{name: column.astype(np.float32) for name, column in numbers.items()},
            "epochs": progress.epochs_done[ranking].astype(np.int16),
            "given_up": progress.given_up[ranking],
            "diverged": progress.diverged[ranking],
        }
    )


def curves_table(progress: RoundProgress) -> pa.Table:
    """One row an epoch of each of the Best-20: rank, trial, epoch from 1, validation, training, last, given_up.

    `given_up` is the epoch after which the trial was, 0 if it was not.
    A panel without a trial yet has one row with trial -1 and no accuracy, so that it stands there from the start.
    """
    best = progress.ranking()[:PANELS]
    panels = min(PANELS, progress.plan.trials)
    epochs = progress.plan.epochs
    step = math.ceil(epochs / CURVE_POINTS)
    shown = np.arange(epochs)[::-step][::-1] if step > 1 else np.arange(epochs)
    latest = progress.epochs_done[best] - 1
    reached = np.searchsorted(shown, latest, side="left") + 1
    rank = np.repeat(np.arange(1, len(best) + 1), reached)
    trial = np.repeat(best, reached)
    place = np.concatenate([np.arange(count) for count in reached]) if len(best) else np.arange(0)
    epoch = np.minimum(shown[place], np.repeat(latest, reached))  # a curve ends where the trial does
    empty = np.arange(len(best) + 1, panels + 1)
    gap = np.full(len(empty), np.nan, np.float32)
    last = progress.last_validation().astype(np.float32)
    ended = np.where(progress.given_up, progress.epochs_done, 0)
    return pa.table(
        {  # small types: this table is most of what a tick sends
            "rank": np.concatenate([rank, empty]).astype(np.int8),
            "trial": np.concatenate([trial, np.full(len(empty), -1)]).astype(np.int16),
            "epoch": np.concatenate([epoch + 1, np.ones(len(empty), int)]).astype(np.int16),
            "first": np.concatenate([place == 0, np.ones(len(empty), bool)]),
            "validation": np.concatenate([progress.validation_accuracy[trial, epoch], gap]),
            "training": np.concatenate([progress.train_accuracy[trial, epoch], gap]),
            "last": np.concatenate([last[trial], gap]),
            "given_up": np.concatenate([ended[trial], np.zeros(len(empty), int)]).astype(np.int16),
        }
    )


def boxes_table(spaces: dict[str, SearchSpace]) -> pa.Table:
    """One row a labelled box on the map: label and the exponents of its sides."""
    sides = [(space.learning_rate, space.weight_decay) for space in spaces.values()]
    return pa.table(
        {
            "label": list(spaces),
            "lr": [rate.low for rate, _ in sides],
            "lr_high": [rate.high for rate, _ in sides],
            "wd": [decay.low for _, decay in sides],
            "wd_high": [decay.high for _, decay in sides],
        },
        schema=pa.schema(
            [("label", pa.string())] + [(side, pa.float64()) for side in ("lr", "lr_high", "wd", "wd_high")]
        ),
    )


def earlier_table(rounds: list[RoundProgress]) -> pa.Table:
    """One row a trial of earlier rounds: exponents and validation accuracy."""
    names = ["lr", "wd", "validation"]
    nothing = pa.table({name: pa.array([], pa.float32()) for name in names})
    return pa.concat_tables([nothing, *(points_table(progress).select(names) for progress in rounds)])


def repeats_table(progress: RoundProgress, repeats: dict[int, np.ndarray]) -> pa.Table:
    """One row a trial trained again on other seeds: exponents, mean accuracy, and one standard deviation either side.

    repeats: trial: accuracies (seeds,)
    """
    trials = list(repeats)
    found = [spread(repeats[trial]) for trial in trials]
    columns = {
        "lr": exponent(progress.learning_rate[trials]),
        "wd": exponent(progress.weight_decay[trials]),
        "mean": [mean for mean, _ in found],
        "low": [max(mean - deviation, 0.0) for mean, deviation in found],
        "high": [min(mean + deviation, 1.0) for mean, deviation in found],
    }
    return pa.table(columns, schema=pa.schema([(name, pa.float64()) for name in columns]))


def pointed_table(progress: RoundProgress, trial: int | None) -> pa.Table:
    """One row with the exponents of the trial pointed at; none when there is none."""
    trials = [] if trial is None else [trial]
    return pa.table({"lr": exponent(progress.learning_rate[trials]), "wd": exponent(progress.weight_decay[trials])})


def arrow(table: pa.Table) -> bytes:
    """A table as the bytes of an Arrow stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue().to_pybytes()


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
