"""All trials of a round as lines across the axes that it searches, to their accuracy: parallel coordinates.

A. Inselberg, The plane with parallel coordinates, The Visual Computer 1, 1985. For rounds that search three axes or
more. Places are drawn as shares of what the map and the strips show of an axis.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import altair as alt
import numpy as np
import pyarrow as pa

from core.progress import RoundProgress
from core.space import AXES, SearchSpace
from pages.components.frame.translation import catalogue
from pages.components.refresh.cache import memoize
from pages.components.round.axis_charts import value_texts
from pages.components.round.brushes import MIN_BOX, Brush
from pages.components.round.chart_style import (
    BOX,
    INK,
    PRIMARY,
    TEXT_SIZE,
    TRAINING,
    accuracy_colour,
    config,
    to_vega_lite,
    trial_numbers,
    trial_tooltip,
)
from pages.components.round.map_chart import BRUSH, HOVER_PARAM, HOVERED, pick, strip_title
from pages.components.round.searched_axes import ShownAxes, value_field
from pages.components.round.tables import places

FEWEST_AXES = 3
TABLES = ("lines", "axes")
PARALLEL_BRUSH = "brush_parallel"
HEIGHT, TOP, BOTTOM, SIDE = 200, 44, 22, 36  # pixels: of the axes, above and below them for words, beside them
OPACITY = "0.25 + 0.7 * datum.validation"  # of a line: where many cross, the good ones stand out
STAGGERED = 120  # pixels between two axes: where they are closer, every second name stands higher


@memoize(128)
def parallel_spec(width: int, shown: ShownAxes, lang: str, dark: bool) -> dict[str, Any]:
    """The chart as Vega-Lite, for the tables `lines` and `axes`.

    width: pixels of the page    lang: language of titles    dark: whether the theme is dark
    """
    word = catalogue(lang).gettext
    last = len(shown.names)  # the position of the accuracy
    x = alt.X("position:Q", title=None, axis=None, scale=alt.Scale(domain=[0, last], nice=False))
    y = alt.Y("share:Q", title=None, axis=None, scale=alt.Scale(domain=[0, 1]))
    lines = alt.Chart().encode(x, y, alt.Detail("trial:N"), alt.Order("position:Q"))
    inside = alt.OpacityValue(0.1, condition={"test": "datum.inside", "value": alt.ExprRef(OPACITY)})
    colour = accuracy_colour()
    drawn = lines.mark_line(strokeWidth=1.6).encode(colour, inside)
    grasped = lines.mark_line(strokeWidth=9, opacity=0).encode(trial_tooltip()).properties(name="parallel")
    hovered = lines.mark_line(strokeWidth=3, color=TRAINING).transform_filter(HOVERED)
    pointed = lines.mark_line(strokeWidth=3, color=PRIMARY[dark]).transform_filter("datum.pointed")
    layers = [*axis_layers(width / last, INK[dark], PRIMARY[dark], x), drawn, pointed, hovered, grasped]
    title = strip_title(word("every trial, from its hyperparameters to its accuracy"), dark)
    view = {
        "layer": [to_vega_lite(layer) for layer in layers], "width": width - 2 * SIDE - 10, "height": HEIGHT,
        "title": {**title, "offset": TOP - 6},
    }  # fmt: skip
    return {
        "$schema": alt.SCHEMA_URL,
        "config": {**config(dark), "view": {"stroke": None}},
        "padding": {"left": SIDE, "right": SIDE, "top": 4, "bottom": BOTTOM},
        "autosize": {"type": "pad"},
        "data": {"name": "lines"},
        "transform": [trial_numbers(word, value_texts(shown.names, word))],
        "vconcat": [view],
        "params": [
            HOVER_PARAM,
            {"name": PARALLEL_BRUSH, "select": BRUSH, "views": ["parallel"]},
            {"name": "picked", "select": pick("parallel"), "views": ["parallel"]},
        ],
    }


def axis_layers(between: float, ink: str, next_colour: str, x: alt.X) -> list[alt.Chart]:
    """The axes with their names, the values at their ends, and the ranges of the next round. between: pixels"""
    axes = alt.Chart(alt.NamedData("axes")).encode(x)
    scale = alt.Scale(domain=[0, 1])
    rules = axes.mark_rule(color=BOX, strokeWidth=1).encode(alt.YValue(0), alt.Y2Value("height"))
    ranges = axes.transform_filter("isValid(datum.next_low)").mark_rule(
        color=next_colour, strokeWidth=7, opacity=0.4, strokeCap="butt"
    )
    ranges = ranges.encode(alt.Y("next_low:Q", scale=scale, axis=None, title=None), alt.Y2("next_high"))
    words: dict[str, Any] = {"fontSize": TEXT_SIZE, "color": ink}
    names = [
        axes.transform_filter(f"datum.position % 2 == {turn}")
        .mark_text(baseline="bottom", dy=-18 - (15 if turn and between < STAGGERED else 0), fontWeight="bold", **words)
        .encode(alt.YValue(0), alt.Text("name:N"))
        for turn in (0, 1)
    ]
    high = axes.mark_text(baseline="bottom", dy=-4, **words).encode(alt.YValue(0), alt.Text("high:N"))
    low = axes.mark_text(baseline="top", dy=4, **words).encode(alt.YValue("height"), alt.Text("low:N"))
    return [rules, ranges, *names, high, low]


def lines_table(progress: RoundProgress, shown: ShownAxes, coming: SearchSpace, pointed: int | None) -> pa.Table:
    """One row a trial and axis: position of the axis, place as a share of what is shown, accuracies, values.

    inside: whether the next round's ranges hold the trial    pointed: the trial that was clicked
    """
    ranking = progress.ranking()[::-1]  # the best are drawn last, over the others
    found = list(places(progress, ranking, shown.names).values())
    domains = [shown.domain(axis) for axis in shown.names]
    shares = [(one - domain.low) / (domain.high - domain.low) for one, domain in zip(found, domains, strict=True)]
    inside = np.ones(len(ranking), bool)
    for axis, one in zip(shown.names, found, strict=True):
        if axis in coming:
            range_, margin = coming[axis], 1e-6
            inside &= ~(one < range_.low - margin) & ~(one > range_.high + margin)
    validation, axes = progress.last_validation()[ranking], len(shown.names) + 1
    numbers = {
        "share": np.stack([*shares, validation], axis=1).ravel(),
        "validation": np.repeat(validation, axes),
        "training": np.repeat(progress.last_train()[ranking], axes),
        **{value_field(axis): np.repeat(progress.hyperparameters[axis][ranking], axes) for axis in shown.names},
    }
    return pa.table(
        {
            "trial": np.repeat(ranking, axes).astype(np.int16),
            "rank": np.repeat(np.arange(len(ranking), 0, -1), axes).astype(np.int16),
            "position": np.tile(np.arange(axes), len(ranking)).astype(np.int8),
            **{name: column.astype(np.float32) for name, column in numbers.items()},
            "epochs": np.repeat(progress.epochs_done[ranking], axes).astype(np.int16),
            "diverged": np.repeat(progress.diverged[ranking], axes),
            "inside": np.repeat(inside, axes),
            "pointed": np.repeat(ranking == (-1 if pointed is None else pointed), axes),
        }
    )


def axes_table(shown: ShownAxes, coming: SearchSpace, lang: str) -> pa.Table:
    """One row an axis, the accuracy last: position, name, values at its ends, the next round's range as shares."""
    word = catalogue(lang).gettext
    rows: list[dict[str, Any]] = []
    for position, axis in enumerate(shown.names):
        declared, domain = AXES[axis], shown.domain(axis)
        ends = (min(max(end, declared.reach.low), declared.reach.high) for end in domain)
        low, high = (declared.written(declared.value(end)) for end in ends)
        row = {"position": position, "name": word(declared.label), "low": low, "high": high}
        if axis in coming:
            range_, whole = coming[axis], domain.high - domain.low
            row["next_low"], row["next_high"] = ((end - domain.low) / whole for end in (range_.low, range_.high))
        rows.append(row)
    rows.append({"position": len(rows), "name": word("accuracy"), "low": "0.0", "high": "1.0"})
    types = {"position": pa.int8(), "name": pa.string(), "low": pa.string(), "high": pa.string()}
    schema = pa.schema([*types.items(), ("next_low", pa.float64()), ("next_high", pa.float64())])
    return pa.Table.from_pylist(rows, schema=schema)


def parallel_brush(selection: Mapping[str, Any], shown: ShownAxes, progress: RoundProgress) -> dict[str, Brush]:
    """The box drawn on the chart as ranges of the axes that it crosses, or of the nearest one if it crosses none.

    Empty for anything that a chart does not send.

    A box across the accuracy is the ranges of the trials whose accuracy it holds.
    """
    with suppress(TypeError, ValueError, LookupError, AttributeError):
        drawn = selection[PARALLEL_BRUSH]
        left, right = sorted(map(float, drawn["position"]))
        low, high = sorted(map(float, drawn["share"]))
        ends: Brush = {}
        crossed = [position for position in range(len(shown.names) + 1) if left <= position <= right]
        crossed = crossed or [round((left + right) / 2)]  # beside an axis, that one is meant
        if len(shown.names) in crossed:
            ranking = progress.ranking()
            accuracy = progress.last_validation()[ranking]
            held = ranking[(accuracy >= low) & (accuracy <= high)]
            found = places(progress, held, shown.names).values() if len(held) > 1 else ()
            for axis, one in zip(shown.names, found, strict=False):
                if np.isfinite(one).all():
                    ends[axis] = (float(one.min()), float(one.max()))
        for position, axis in enumerate(shown.names):
            domain = shown.domain(axis)
            whole = domain.high - domain.low
            if position in crossed and (high - low) * whole >= MIN_BOX * AXES[axis].unit:
                ends[axis] = (domain.low + low * whole, domain.low + high * whole)
        return {PARALLEL_BRUSH: ends} if ends else {}
    return {}
