"""The charts of a race: best accuracy so far against epochs spent, and the winners' accuracies on fresh seeds.

    lines  # one row where a racer's best so far begins, rises or ends        bands  # the spread of repeated races

The browser gets both tables as Arrow bytes under their names.
"""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import altair as alt
import numpy as np
import pandas as pd
import pyarrow as pa

from core.lab.contestants import BAYES, CONTESTANTS, GRID, RANDOM, STUDENT, RaceSetup, mean_trajectory
from core.lab.search_race import Race
from pages.components.frame.translation import catalogue
from pages.components.refresh.cache import memoize
from pages.components.round.chart_style import BOX, FIFTHS, HIGHLIGHT, INK, MEDIUM, TRAINING, VALIDATION

HEIGHT, ROW = 420, 46  # pixels: of the race with its axes, and of one racer on fresh seeds
RACERS = (STUDENT, *CONTESTANTS)
DASHES = {
    STUDENT: [1, 0],
    RANDOM: [7, 3],
    GRID: [2, 2],
    BAYES: [10, 3, 2, 3],
}  # so that colour is not the only difference


class Curve(NamedTuple):
    """One racer's line in the chart."""

    who: str
    spent: np.ndarray  # (points,) epochs
    best: np.ndarray  # (points,) best accuracy so far; the mean over repeated races
    deviation: np.ndarray | None  # (points,) standard deviation over repeated races
    end: int  # epochs spent so far


def race_curves(entry: RaceSetup, race: Race | None) -> list[Curve]:
    """The student's curve, and those of the others as far as they have come."""
    drawn = [Curve(STUDENT, entry.trajectory.spent, entry.trajectory.best, None, entry.budget)]
    for one in race.runs.get(0, ()) if race else ():
        assert race is not None
        lines = race.trajectories(one.name)
        if len(lines) > 1:
            drawn.append(Curve(one.name, lines[0].spent, *mean_trajectory(lines, lines[0].spent), one.spent))
        else:
            drawn.append(Curve(one.name, lines[0].spent, lines[0].best, None, one.spent))
    return drawn


def lines_table(drawn: list[Curve]) -> pa.Table:
    """One row where a curve begins, rises or ends: who, spent, best."""
    rows: list[tuple[Any, ...]] = []
    for curve in drawn:
        rises = np.flatnonzero(np.diff(np.nan_to_num(curve.best), prepend=0) > 0)
        if len(rises):
            rows += zip([curve.who] * len(rises), curve.spent[rises], curve.best[rises], strict=True)
            rows.append((curve.who, curve.end, curve.best[-1]))
    kinds = {"who": pa.string(), "spent": pa.int32(), "best": pa.float32()}
    return typed_table(rows, kinds)


def bands_table(drawn: list[Curve]) -> pa.Table:
    """One row a point of a curve with a spread: who, spent, low and high, one standard deviation from the mean."""
    rows: list[tuple[Any, ...]] = []
    for curve in drawn:
        if curve.deviation is not None:
            sides = np.clip(curve.best - curve.deviation, 0, 1), np.clip(curve.best + curve.deviation, 0, 1)
            rows += zip([curve.who] * len(curve.spent), curve.spent, *sides, strict=True)
    return typed_table(rows, {"who": pa.string(), "spent": pa.int32(), "low": pa.float32(), "high": pa.float32()})


def typed_table(rows: list[tuple[Any, ...]], kinds: dict[str, pa.DataType]) -> pa.Table:
    """Rows as a table of named and typed columns, also without any row."""
    columns = list(zip(*rows, strict=True)) or [()] * len(kinds)
    return pa.table(dict(zip(kinds, columns, strict=True)), schema=pa.schema(list(kinds.items())))


def racer_names(word: Callable[[str], str]) -> dict[str, str]:
    """The racers' names on the page. word: translates"""
    return {STUDENT: word("you"), RANDOM: word("random search"), GRID: word("grid"), BAYES: word("Bayesian search")}


def racer_colours(dark: bool) -> alt.Scale:
    """The student in the colour of text, the others in colours that colour-blind readers can tell apart."""
    return alt.Scale(domain=list(RACERS), range=[INK[dark], VALIDATION, TRAINING, HIGHLIGHT])


@memoize(256)
def race_spec(width: int, budget: int, lang: str, dark: bool) -> dict[str, Any]:
    """Best validation accuracy so far against epochs spent, of the tables "lines" and "bands".

    width: pixels of the page    budget: epochs    dark: the theme
    """
    word = catalogue(lang).gettext
    names_expression = f"({json.dumps(racer_names(word), ensure_ascii=False)})"
    legend = alt.Legend(
        title=None, orient="top", labelExpr=f"{names_expression}[datum.label]", columns=4 if width >= MEDIUM else 2,
        symbolType="stroke", symbolOpacity=1, symbolSize=900, symbolStrokeWidth=2.5, labelFontSize=13, labelLimit=200,
    )  # fmt: skip
    x = alt.X("spent:Q", title=word("epochs spent"), scale=alt.Scale(domain=[0, budget], nice=False),
              axis=alt.Axis(gridOpacity=0.3, tickCount=6 if width >= MEDIUM else 4))  # fmt: skip
    colour = alt.Color("who:N", scale=racer_colours(dark), legend=legend)
    y = alt.Y("best:Q", title=word("best validation accuracy so far"), scale=alt.Scale(domain=[0, 1]),
              axis=alt.Axis(values=FIFTHS, format=".1f", gridOpacity=0.3))  # fmt: skip
    bands = (
        alt.Chart(alt.NamedData("bands"))
        .mark_area(interpolate="step-after", opacity=0.16)
        .encode(x=x, y=alt.Y("low:Q"), y2="high:Q", color=colour)
    )
    base = alt.Chart(alt.NamedData("lines")).encode(x=x, y=y, color=colour)
    dash = alt.StrokeDash(
        "who:N", scale=alt.Scale(domain=list(RACERS), range=[DASHES[who] for who in RACERS]), legend=legend
    )
    thick = alt.condition(alt.datum.who == STUDENT, alt.value(3.5), alt.value(2.2))
    lines = base.mark_line(interpolate="step-after").encode(strokeDash=dash, strokeWidth=thick)
    points = base.mark_point(filled=True, size=26, opacity=0.9).encode(
        tooltip=[
            alt.Tooltip("name:N", title=word("who")), alt.Tooltip("spent:Q", title=word("epochs spent")),
            alt.Tooltip("best:Q", title=word("best validation accuracy so far"), format=".3f"),
        ]
    )  # fmt: skip
    points = points.transform_calculate(name=f"{names_expression}[datum.who]")
    chart = alt.layer(bands, lines, points).properties(width=width, height=HEIGHT)
    spec: dict[str, Any] = chart.configure_view(stroke=BOX, strokeOpacity=0.35).to_dict(validate=False)  # tests do
    return spec


def fresh_frame(fresh: dict[str, np.ndarray]) -> pd.DataFrame:
    """One row a winner and fresh seed: who, accuracy. fresh: accuracies (seeds,) by racer"""
    return pd.DataFrame(
        [(who, float(one)) for who, found in fresh.items() for one in found], columns=["who", "accuracy"]
    )


def fresh_chart(race: Race, lang: str, dark: bool) -> alt.LayerChart:
    """Every winner's accuracies on fresh seeds with mean and standard deviation, and its accuracy in the race."""
    word = catalogue(lang).gettext
    names = racer_names(word)
    frame = fresh_frame(race.fresh)
    raced = {STUDENT: race.setup.trajectory.final} | {one.name: one.trajectory.final for one in race.runs[0]}
    had = pd.DataFrame([(who, raced[who]) for who in race.fresh], columns=["who", "accuracy"])
    y = alt.Y("name:N", sort=[names[who] for who in race.fresh], title=None, axis=alt.Axis(labelLimit=160))
    x = alt.X("accuracy:Q", title=word("validation accuracy"), scale=alt.Scale(domain=[0, 1]),
              axis=alt.Axis(values=FIFTHS, format=".1f", gridOpacity=0.3))  # fmt: skip
    shown = [alt.Tooltip("name:N", title=word("who")), alt.Tooltip("accuracy:Q", format=".3f")]
    colour = alt.Color("who:N", scale=racer_colours(dark), legend=None)
    base = alt.Chart(frame.assign(name=frame["who"].map(names))).encode(x=x, y=y, color=colour)
    seeds = base.mark_point(filled=True, size=55, opacity=0.5).encode(tooltip=shown)
    mean = base.mark_tick(thickness=3, size=24).encode(x="mean(accuracy):Q")
    deviation = base.mark_errorbar(extent="stdev", thickness=2)
    before = alt.Chart(had.assign(name=had["who"].map(names))).encode(x=x, y=y, color=colour, tooltip=shown)
    before = before.mark_point(shape="diamond", size=110, strokeWidth=2, filled=False, opacity=1)
    return alt.layer(deviation, seeds, mean, before).properties(height=ROW * len(race.fresh))
