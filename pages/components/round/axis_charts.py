"""Axes, brushes and texts of charts for any searched hyperparameter."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import altair as alt

from core.space import AXES, Scale
from pages.components.round.chart_style import Domain, power_axis, tick_exponents, value_text
from pages.components.round.searched_axes import brush_param, place_field, strip_view, value_field

# the label of a place, as a Vega expression, on a scale whose places are not exponents of ten
LABELS = {
    Scale.TEN_FROM_ONE: "format(1 - pow(10, datum.value), '.4~g')",
    Scale.TWO: "format(pow(2, datum.value), 'd')",
    Scale.PLAIN: "format(datum.value, '.2~f')",
}
VALUE_FORMATS = {Scale.TEN_FROM_ONE: ".4~g", Scale.TWO: "d", Scale.PLAIN: ".2~f"}
PLAIN_STEPS, FEWEST_TICKS = (0.2, 0.1, 0.05), 3  # of a plain scale: the first step that gives so many labels


def place_axis(channel: str, axis: str, title: str | None, domain: Domain) -> alt.X | alt.Y:
    """The axis of a chart for places of a hyperparameter, labelled by values; without a title it has no labels."""
    scale = AXES[axis].scale
    if scale is Scale.TEN:
        return power_axis(channel, place_field(axis), title, domain)
    labels = {"labelExpr": LABELS[scale]} if title is not None else {"labels": False}
    values = ticks(axis, domain)
    drawn = alt.Axis(values=values, gridOpacity=0.4, ticks=False, **labels)
    limits = alt.Scale(domain=list(domain), nice=False, zero=False)
    return {"x": alt.X, "y": alt.Y}[channel](f"{place_field(axis)}:Q", title=title, axis=drawn, scale=limits)


def ticks(axis: str, domain: Domain) -> list[float]:
    """The places that are labelled on such an axis."""
    if AXES[axis].scale is Scale.TEN_FROM_ONE:
        return tick_exponents(domain)
    steps = (1.0,) if AXES[axis].is_whole else PLAIN_STEPS
    ends = [(step, math.ceil(round(domain.low / step, 6)), math.floor(round(domain.high / step, 6))) for step in steps]
    step, first, last = next((one for one in ends if one[2] - one[1] >= FEWEST_TICKS - 1), ends[-1])
    return [round(step * place, 2) for place in range(first, last + 1)]


def value_texts(axes: Sequence[str], word: Callable[[str], str]) -> dict[str, str]:
    """A trial's values as texts, Vega expressions by the names of the hyperparameters. word: translates"""
    return {word(AXES[axis].label): _value_text(axis) for axis in axes}


def _value_text(axis: str) -> str:
    scale = AXES[axis].scale
    if scale is Scale.TEN:
        return value_text(value_field(axis))
    return f"format(datum.{value_field(axis)}, '{VALUE_FORMATS[scale]}')"


def strip_brush(axis: str, channel: str, brush: dict[str, Any]) -> dict[str, Any]:
    """The brush of a strip as Vega-Lite. channel: "x" or "y", along which the hyperparameter lies"""
    return {"name": brush_param(axis), "select": {**brush, "encodings": [channel]}, "views": [strip_view(axis)]}
