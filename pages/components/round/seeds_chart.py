"""A chart of accuracies on several seeds: every seed, their mean and one standard deviation to either side."""

import math
from collections.abc import Mapping
from typing import NamedTuple

import altair as alt
import numpy as np
import pandas as pd

from core.analysis.statistics import mean_and_deviation
from pages.components.round.chart_style import HIGHLIGHT, INK, TEXT_SIZE, VALIDATION

ROW_HEIGHT, AXIS_HEIGHT = 34, 66  # pixels: of a row, of the axis with its title
MARGIN, ROUND_TO = 0.02, 0.05  # of an accuracy: beside the outermost one, and what the ends of the axis are rounded to
MOST_TICKS = 10
LABEL_HEIGHT = 20  # pixels above the rows for the label of the line


class Line(NamedTuple):
    """An accuracy drawn as a line through all rows."""

    accuracy: float
    label: str


def seeds_frame(accuracies: Mapping[str, np.ndarray], before: Mapping[str, float]) -> pd.DataFrame:
    """One row a seed of each row of the chart: name, seed from 1, accuracy, mean, low, high, before.

    accuracies: (seeds,) by name    before: an accuracy to compare with, by name; nan where there is none
    low, high: one standard deviation below and above the mean
    """
    rows = []
    for name, found in accuracies.items():
        mean, deviation = mean_and_deviation(found)
        span = mean, max(mean - deviation, 0.0), min(mean + deviation, 1.0), before.get(name, math.nan)
        rows += [(name, seed, float(one), *span) for seed, one in enumerate(found, start=1)]
    return pd.DataFrame(rows, columns=["name", "seed", "accuracy", "mean", "low", "high", "before"])


def accuracy_ends(found: np.ndarray) -> tuple[float, float]:
    """The ends of an axis that shows accuracies and little else. found: any shape, nan is left out"""
    low = math.floor(round((np.nanmin(found) - MARGIN) / ROUND_TO, 6)) * ROUND_TO
    high = math.ceil(round((np.nanmax(found) + MARGIN) / ROUND_TO, 6)) * ROUND_TO
    return round(max(low, 0.0), 2), round(min(high, 1.0), 2)


def seeds_chart(frame: pd.DataFrame, line: Line | None, title: str, dark: bool) -> alt.LayerChart:
    """One row a name of `seeds_frame`, with a diamond at the accuracy to compare with.

    line: through all rows    title: of the axis, in the page's language    dark: whether the theme is dark
    """
    shown = frame[["accuracy", "low", "high", "before"]].to_numpy()
    low, high = accuracy_ends(np.append(shown, line.accuracy if line else math.nan))
    step = next(step for step in (0.05, 0.1, 0.2) if (high - low) / step <= MOST_TICKS)
    ticks = [round(tick * step, 2) for tick in range(math.ceil(low / step - 1e-6), math.floor(high / step + 1e-6) + 1)]
    axis = alt.Axis(values=ticks, format=".2f", labelFlush=False, gridOpacity=0.4)

    def x(field: str) -> alt.X:
        return alt.X(f"{field}:Q", title=title, scale=alt.Scale(domain=[low, high], nice=False, zero=False), axis=axis)

    order = list(dict.fromkeys(frame["name"]))
    base = alt.Chart(frame).encode(y=alt.Y("name:N", sort=order, title=None, axis=alt.Axis(labelLimit=220)))
    once = base.transform_filter("datum.seed === 1")
    numbers = [alt.Tooltip("seed:O"), alt.Tooltip("accuracy:Q", title=title, format=".3f")]
    layers = [
        once.mark_rule(strokeWidth=2.5, color=HIGHLIGHT).encode(x("low"), alt.X2("high:Q")),
        base.mark_point(size=60, filled=True, opacity=0.6, color=VALIDATION).encode(x("accuracy"), tooltip=numbers),
        once.mark_tick(thickness=3, size=24, color=HIGHLIGHT).encode(x("mean")),
        once.transform_filter("isValid(datum.before)")
        .mark_point(shape="diamond", size=110, strokeWidth=2, filled=False, color=INK[dark])
        .encode(x("before"), tooltip=[alt.Tooltip("before:Q", title=title, format=".3f")]),
    ]
    if line is not None:
        layers += line_with_label(line, x("accuracy"), (low + high) / 2, INK[dark])
    above = LABEL_HEIGHT if line else 5
    height = ROW_HEIGHT * len(order) + AXIS_HEIGHT + above
    return alt.layer(*layers).properties(height=height, padding={"left": 5, "top": above, "right": 24, "bottom": 5})


def line_with_label(line: Line, x: alt.X, middle: float, ink: str) -> list[alt.Chart]:
    """A dashed line and its label above the rows. middle: of the axis; the label goes on towards it"""
    at = alt.Chart(pd.DataFrame({"accuracy": [line.accuracy], "label": [f"{line.label} {line.accuracy:.2f}"]}))
    align, dx = ("right", 4) if line.accuracy > middle else ("left", -4)
    rule = at.mark_rule(color=ink, strokeDash=[5, 3], strokeWidth=1.5).encode(x)
    text = at.mark_text(align=align, dx=dx, baseline="bottom", dy=-4, fontSize=TEXT_SIZE, color=ink)
    return [rule, text.encode(x, alt.YValue(0), alt.Text("label:N"))]
