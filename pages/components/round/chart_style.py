"""Colours, sizes, axes and encodings that several charts share."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import altair as alt

from core.space import REACHES, LogRange, SearchSpace, power

WIDE, MEDIUM = 900, 620  # pixels of a page; narrower than MEDIUM everything is in one column
AXIS = 52  # pixels for an axis with its title
VALIDATION, TRAINING, BOX, FAINT = "#3b82c4", "#d97706", "#8a8f98", "#9aa0a6"
HIGHLIGHT = "#c2417c"  # repeats on other seeds, a student's choice, the leaders of a class
INK = {False: "#31333f", True: "#e3e5e8"}  # text outside the axes, by whether the theme is dark
PAPER = {False: "#ffffff", True: "#171614"}  # Streamlit's background, by whether the theme is dark
PRIMARY = {False: "#2563a8", True: "#6aa8e6"}  # the next round's ranges and the trial that was clicked
# An accuracy from 0 to 1, by whether the theme is dark: viridis without the colours that have less than 3:1 against
# PAPER, which are its palest on white and its darkest on black.
RAMP = {
    False: ["#440154", "#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89"],
    True: ["#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725"],
}
TEXT_SIZE = 12  # pixels
SMALL_EXPONENTS = range(-12, -3)  # of values that are written as powers of ten
FIFTHS = [0, 0.2, 0.4, 0.6, 0.8, 1]  # labels of an axis of accuracies
NO_HEADER = alt.Header(title=None, labelFontSize=1, labelColor="transparent", labelPadding=0)  # labels=False is ignored
NO_DATA = ("data", {"name": "empty"})  # what Altair writes for a chart without data
TICK_STEPS = (1.0, 0.5, 0.2, 0.1)  # decades: the first that gives an axis of exponents two labels or more


def vega_object(entries: Mapping[str, str]) -> str:
    """An object as a Vega expression. entries: expressions by name"""
    pairs = [f"{json.dumps(name, ensure_ascii=False)}: {expression}" for name, expression in entries.items()]
    return "{" + ", ".join(pairs) + "}"


def raised_powers(exponents: Iterable[float], sign: int = 1) -> str:
    """Powers of ten as texts by their exponents, times `sign`, as a Vega expression."""
    return vega_object({f"{sign * exponent:g}": f"'{power(exponent)}'" for exponent in exponents})


def power_of_ten(exponents: Sequence[float]) -> str:
    """The label of an exponent, 10 to its power, as a Vega expression. exponents: all that are labelled"""
    return f"{raised_powers(exponents)}[datum.value]"


def value_text(field: str) -> str:
    """A learning rate or a weight decay as `plain` in core/space.py writes it, as a Vega expression."""
    parts = f"split(format(datum.{field}, '.2~e'), 'e-')"
    factor = f"({parts}[0] === '1' ? '' : {parts}[0] + ' × ')"
    small = f"{factor} + {raised_powers(SMALL_EXPONENTS, -1)}[{parts}[1]]"
    return f"datum.{field} < 1e-4 ? {small} : format(datum.{field}, '.3~r')"


def config(dark: bool) -> dict[str, Any]:
    """What all parts of a chart have: readable text, no text for readers but its `alt`. dark: of the theme"""
    text = {f"{part}{what}": value for part in ("label", "title") for what, value in (
        ("FontSize", TEXT_SIZE), ("Color", INK[dark]))}  # fmt: skip
    view = {"stroke": BOX, "strokeOpacity": 0.35}
    return {"aria": False, "view": view, "axis": text, "legend": text, "range": {"ramp": RAMP[dark]}}


class Domain(NamedTuple):
    """The exponents at the ends of an axis of the map."""

    low: float
    high: float


def domains(spaces: list[SearchSpace]) -> tuple[Domain, Domain]:
    """Domains of learning rate and weight decay that hold all spaces, widened to whole exponents within the reach."""
    found = []
    for axis in ("learning_rate", "weight_decay"):
        ranges = [space[axis] for space in spaces if axis in space] or [SearchSpace()[axis]]
        found.append(axis_domain(ranges, REACHES[axis]))
    return found[0], found[1]


def axis_domain(ranges: list[LogRange], reach: LogRange, unit: float = 1.0) -> Domain:
    """What is shown of an axis: all ranges, widened to whole units within the reach. unit: 1 for exponents of ten"""
    low, high = min(range_.low for range_ in ranges), max(range_.high for range_ in ranges)
    least, most = unit * math.floor(low / unit - 0.25), unit * math.ceil(high / unit + 0.25)
    return Domain(max(least, reach.low - unit / 2), min(most, reach.high + unit / 2))


def to_vega_lite(part: alt.SchemaBase) -> dict[str, Any]:
    """A part of a chart as Vega-Lite, to be put into a larger chart as a dictionary.

    Altair copies every part at every joint, which takes half a second for the live chart. A part without data of its
    own gets the data of the chart around it.
    """
    spec: dict[str, Any] = part.to_dict(validate=False, context={"top_level": False})  # tests validate
    return {name: value for name, value in spec.items() if (name, value) != NO_DATA}


def power_axis(channel: str, field: str, title: str | None, domain: Domain) -> alt.X | alt.Y:
    """An axis of exponents, labelled 10⁻³. Without a title it has no labels either: its neighbour has them."""
    powers = tick_exponents(domain)
    labels = {"labelExpr": power_of_ten(powers)} if title is not None else {"labels": False}
    axis = alt.Axis(values=powers, gridOpacity=0.4, ticks=False, **labels)
    scale = alt.Scale(domain=list(domain), nice=False, zero=False)
    return {"x": alt.X, "y": alt.Y}[channel](f"{field}:Q", title=title, axis=axis, scale=scale)


def tick_exponents(domain: Domain) -> list[float]:
    """The exponents that are labelled on an axis: whole ones, and tenths where fewer than two of these lie on it."""
    found: list[float] = []
    for step in TICK_STEPS:
        ends = math.ceil(round(domain.low / step, 6)), math.floor(round(domain.high / step, 6))
        found = [round(step * tick, 1) for tick in range(ends[0], ends[1] + 1)]
        if len(found) > 1:
            break
    return found


def accuracy_axis(channel: str, title: str | None, field: str = "validation") -> alt.X | alt.Y:
    """An axis of accuracies from 0 to 1."""
    axis = alt.Axis(values=[0, 0.5, 1], format=".1f", gridOpacity=0.4)
    encoding = {"x": alt.X, "y": alt.Y}[channel]
    return encoding(f"{field}:Q", title=title, axis=axis, scale=alt.Scale(domain=[0, 1]))


def accuracy_colour(legend: Any = None) -> alt.Color:
    """An accuracy from 0 to 1 as a colour of the RAMP, which `config` names."""
    return alt.Color("validation:Q", scale=alt.Scale(domain=[0, 1]), legend=legend)


def diverged_shape() -> alt.Shape:
    """A cross for a diverged trial, a disc for any other."""
    return alt.Shape("diverged:N", scale=alt.Scale(domain=[False, True], range=["circle", "cross"]), legend=None)


def trial_numbers(word: Any, values: Mapping[str, str]) -> dict[str, str]:
    """The step that computes what pointing at a trial shows, once for all views of a chart.

    word: translates    values: expressions of its hyperparameters by their names
    """
    shown = {
        word("rank"): "datum.rank",
        word("validation accuracy"): "format(datum.validation, '.3f')",
        word("training accuracy"): "format(datum.training, '.3f')",
        **values,
        word("epochs"): "datum.epochs",
        word("diverged"): f"datum.diverged ? {json.dumps(word('yes'))} : {json.dumps(word('no'))}",
    }
    return {"calculate": vega_object(shown), "as": "numbers"}


def trial_tooltip() -> alt.TooltipValue:
    """What pointing at a trial shows: the object that `trial_numbers` has computed, as a table."""
    return alt.TooltipValue(alt.ExprRef("datum.numbers"))
