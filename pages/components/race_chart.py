"""The charts of a race: best accuracy so far against epochs spent, live; and what the winners reach on fresh seeds.

    lines  # one row where somebody's best so far begins, rises or ends        bands  # the spread of repeated races

The live chart's tables go to the browser as Arrow bytes under their names, as those of charts.py do.
"""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import altair as alt
import numpy as np
import pandas as pd
import pyarrow as pa

from core.contestants import BAYES, CONTESTANTS, GRID, RANDOM, YOU, Entry, mean_line
from core.race import Race
from pages.components.charts import BOX, INK, MEDIUM, REPEATED, TRAINING, VALIDATION
from pages.components.remembered import made_once
from pages.components.text import catalogue

HEIGHT, ROW = 420, 46  # pixels: of the live chart with its axes, and of a racer in the other one
RACERS = (YOU, *CONTESTANTS)
DASHES = {YOU: [1, 0], RANDOM: [7, 3], GRID: [2, 2], BAYES: [10, 3, 2, 3]}  # nobody is told by colour alone
TENTHS = [0, 0.2, 0.4, 0.6, 0.8, 1]  # where an axis of accuracies is labelled


class Curve(NamedTuple):
    """What is drawn of a racer."""

    who: str
    spent: np.ndarray  # (points,) epochs
    best: np.ndarray  # (points,) accuracy; of repeated races the mean
    deviation: np.ndarray | None  # (points,) of repeated races
    end: int  # epochs spent by now


def curves(entry: Entry, race: Race | None) -> list[Curve]:
    """Of the student, and of the others as far as they are."""
    drawn = [Curve(YOU, entry.line.spent, entry.line.best, None, entry.budget)]
    for one in race.runs.get(0, ()) if race else ():
        assert race is not None
        lines = race.lines(one.name)
        if len(lines) > 1:
            drawn.append(Curve(one.name, lines[0].spent, *mean_line(lines, lines[0].spent), one.spent))
        else:
            drawn.append(Curve(one.name, lines[0].spent, lines[0].best, None, one.spent))
    return drawn


def lines_table(drawn: list[Curve]) -> pa.Table:
    """One row where a line begins, rises or ends: who, spent, best."""
    rows: list[tuple[Any, ...]] = []
    for curve in drawn:
        rises = np.flatnonzero(np.diff(np.nan_to_num(curve.best), prepend=0) > 0)
        if len(rises):
            rows += zip([curve.who] * len(rises), curve.spent[rises], curve.best[rises], strict=True)
            rows.append((curve.who, curve.end, curve.best[-1]))
    kinds = {"who": pa.string(), "spent": pa.int32(), "best": pa.float32()}
    return table(rows, kinds)


def bands_table(drawn: list[Curve]) -> pa.Table:
    """One row a trial of a racer with a spread: who, spent, low and high, one standard deviation either side."""
    rows: list[tuple[Any, ...]] = []
    for curve in drawn:
        if curve.deviation is not None:
            sides = np.clip(curve.best - curve.deviation, 0, 1), np.clip(curve.best + curve.deviation, 0, 1)
            rows += zip([curve.who] * len(curve.spent), curve.spent, *sides, strict=True)
    return table(rows, {"who": pa.string(), "spent": pa.int32(), "low": pa.float32(), "high": pa.float32()})


def table(rows: list[tuple[Any, ...]], kinds: dict[str, pa.DataType]) -> pa.Table:
    """Rows as a table of named columns; it keeps its types when there are none."""
    columns = list(zip(*rows, strict=True)) or [()] * len(kinds)
    return pa.table(dict(zip(kinds, columns, strict=True)), schema=pa.schema(list(kinds.items())))


def names(word: Callable[[str], str]) -> dict[str, str]:
    """What the racers are called on the page. word: translates"""
    return {YOU: word("you"), RANDOM: word("random search"), GRID: word("grid"), BAYES: word("Bayesian search")}


def colours(dark: bool) -> alt.Scale:
    """The student in the colour of the text, the others in colours that the colour-blind can tell apart."""
    return alt.Scale(domain=list(RACERS), range=[INK[dark], VALIDATION, TRAINING, REPEATED])


@made_once(256)
def race_spec(width: int, budget: int, lang: str, dark: bool) -> dict[str, Any]:
    """Best validation accuracy so far against epochs spent, of the tables "lines" and "bands".

    width: pixels of the page    budget: epochs    dark: the theme
    """
    word = catalogue(lang).gettext
    said = f"({json.dumps(names(word), ensure_ascii=False)})"
    legend = alt.Legend(
        title=None, orient="top", labelExpr=f"{said}[datum.label]", columns=4 if width >= MEDIUM else 2,
        symbolType="stroke", symbolOpacity=1, symbolSize=900, symbolStrokeWidth=2.5, labelFontSize=13, labelLimit=200,
    )  # fmt: skip
    x = alt.X("spent:Q", title=word("epochs spent"), scale=alt.Scale(domain=[0, budget], nice=False),
              axis=alt.Axis(gridOpacity=0.3, tickCount=6 if width >= MEDIUM else 4))  # fmt: skip
    colour = alt.Color("who:N", scale=colours(dark), legend=legend)
    y = alt.Y("best:Q", title=word("best validation accuracy so far"), scale=alt.Scale(domain=[0, 1]),
              axis=alt.Axis(values=TENTHS, format=".1f", gridOpacity=0.3))  # fmt: skip
    bands = (
        alt.Chart(alt.NamedData("bands"))
        .mark_area(interpolate="step-after", opacity=0.16)
        .encode(x=x, y=alt.Y("low:Q"), y2="high:Q", color=colour)
    )
    base = alt.Chart(alt.NamedData("lines")).encode(x=x, y=y, color=colour)
    dash = alt.StrokeDash(
        "who:N", scale=alt.Scale(domain=list(RACERS), range=[DASHES[who] for who in RACERS]), legend=legend
    )
    thick = alt.condition(alt.datum.who == YOU, alt.value(3.5), alt.value(2.2))
    lines = base.mark_line(interpolate="step-after").encode(strokeDash=dash, strokeWidth=thick)
    points = base.mark_point(filled=True, size=26, opacity=0.9).encode(
        tooltip=[
            alt.Tooltip("name:N", title=word("who")), alt.Tooltip("spent:Q", title=word("epochs spent")),
            alt.Tooltip("best:Q", title=word("best validation accuracy so far"), format=".3f"),
        ]
    )  # fmt: skip
    points = points.transform_calculate(name=f"{said}[datum.who]")
    chart = alt.layer(bands, lines, points).properties(width=width, height=HEIGHT)
    spec: dict[str, Any] = chart.configure_view(stroke=BOX, strokeOpacity=0.35).to_dict(validate=False)  # tests do
    return spec


def fresh_frame(fresh: dict[str, np.ndarray]) -> pd.DataFrame:
    """One row an accuracy of a winner on a fresh seed: who, accuracy. fresh: who: accuracies (seeds,)"""
    return pd.DataFrame(
        [(who, float(one)) for who, found in fresh.items() for one in found], columns=["who", "accuracy"]
    )


def fresh_chart(race: Race, lang: str, dark: bool) -> alt.LayerChart:
    """Every winner's accuracies on fresh seeds with mean and standard deviation, and what it had in the race."""
    word = catalogue(lang).gettext
    called = names(word)
    frame = fresh_frame(race.fresh)
    raced = {YOU: race.entry.line.final} | {one.name: one.line.final for one in race.runs[0]}
    had = pd.DataFrame([(who, raced[who]) for who in race.fresh], columns=["who", "accuracy"])
    y = alt.Y("name:N", sort=[called[who] for who in race.fresh], title=None, axis=alt.Axis(labelLimit=160))
    x = alt.X("accuracy:Q", title=word("validation accuracy"), scale=alt.Scale(domain=[0, 1]),
              axis=alt.Axis(values=TENTHS, format=".1f", gridOpacity=0.3))  # fmt: skip
    shown = [alt.Tooltip("name:N", title=word("who")), alt.Tooltip("accuracy:Q", format=".3f")]
    colour = alt.Color("who:N", scale=colours(dark), legend=None)
    base = alt.Chart(frame.assign(name=frame["who"].map(called))).encode(x=x, y=y, color=colour)
    seeds = base.mark_point(filled=True, size=55, opacity=0.5).encode(tooltip=shown)
    mean = base.mark_tick(thickness=3, size=24).encode(x="mean(accuracy):Q")
    deviation = base.mark_errorbar(extent="stdev", thickness=2)
    before = alt.Chart(had.assign(name=had["who"].map(called))).encode(x=x, y=y, color=colour, tooltip=shown)
    before = before.mark_point(shape="diamond", size=110, strokeWidth=2, filled=False, opacity=1)
    return alt.layer(deviation, seeds, mean, before).properties(height=ROW * len(race.fresh))
