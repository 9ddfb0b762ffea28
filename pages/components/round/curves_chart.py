"""The curves of a round's best trials, a panel each; on a narrow page below accuracy against each hyperparameter.

The chart names the tables of tables.py and holds none of their data. It stays the same from tick to tick, so the
browser moves the marks and does not build the chart again.
"""

from typing import Any

import altair as alt

from pages.components.frame.translation import catalogue
from pages.components.refresh.cache import memoize
from pages.components.round.axis_charts import strip_brush
from pages.components.round.chart_style import (
    BOX,
    INK,
    NO_HEADER,
    TEXT_SIZE,
    TRAINING,
    VALIDATION,
    config,
    to_vega_lite,
)
from pages.components.round.map_chart import (
    BRUSH,
    HOVER_PARAM,
    HOVERED,
    REPLAY_PARAM,
    layered_view,
    pick,
    shown_trials,
    strip,
)
from pages.components.round.page_layout import GAP, Layout, layout
from pages.components.round.searched_axes import ShownAxes, strip_view

PANEL_HEIGHT = 84  # pixels
# the row of a curve that a replay has come to; a curve whose first epoch is not drawn has its first row until then
NOW = "(datum.first || datum.epoch <= replay) && replay < datum.until"
ENDS = {"given_up": "○", "lost": "✚"}  # columns of epochs in which a curve ends, and the signs for it
NO_BREAK_SPACES = 3 * "\u00a0"  # between Best-1 and 0.72; SVG shortens plain spaces to one


def tables_of(width: int, guesses: bool = False) -> tuple[str, ...]:
    """Names of the chart's tables for a page `width` pixels wide."""
    if layout(width).strip:
        return ("curves",)
    return ("curves", "points", "repeats", *(["guesses"] if guesses else []))


@memoize(256)  # each takes 50 KB, and 0.05 s to build
def curves_spec(
    width: int, epochs: int, panels: int, shown: ShownAxes, lang: str, dark: bool, rungs: tuple[int, ...] = ()
) -> dict[str, Any]:
    """The curves as Vega-Lite, for the tables curves, and on a narrow page points and repeats.

    width: pixels of the page    epochs, panels, rungs: of the round    shown: the axes of the strips
    lang: language of titles     dark: whether the theme is dark
    """
    word = catalogue(lang).gettext
    sizes = layout(width)
    below = () if sizes.strip else shown.names
    strips = [strip(axis, sizes.map, word, shown, dark) | shown_trials(word, shown) for axis in below]
    return {
        "$schema": alt.SCHEMA_URL,
        "config": config(dark),
        "data": {"name": "curves"},
        "vconcat": [*strips, best_panels(epochs, panels, rungs, word, sizes, INK[dark])],
        "spacing": 16,
        "params": [
            HOVER_PARAM,
            REPLAY_PARAM,
            *(strip_brush(axis, "x", BRUSH) for axis in below),
            {"name": "picked", "select": pick("curves"), "views": ["panel", *map(strip_view, below)]},
        ],
    }


def best_panels(epochs: int, panels: int, rungs: tuple[int, ...], word: Any, sizes: Layout, ink: str) -> dict[str, Any]:
    """The grid of panels, one for each of the best trials."""
    how = word("accuracy by epoch: validation solid, training dashed")
    title = alt.Title(
        word("Best-1 to Best-{count}").format(count=panels),
        subtitle=how + (word("; ○ where a trial was given up early") if rungs else ""),
        anchor="start",
        fontSize=14,
        subtitleFontSize=TEXT_SIZE,
        subtitlePadding=4,
        subtitleColor=ink,
        offset=14,
    )
    return {
        "data": {"name": "curves"},
        "facet": to_vega_lite(alt.Facet("rank:O", header=NO_HEADER, sort="ascending")),
        "columns": sizes.columns,
        "spacing": GAP,
        "title": to_vega_lite(title),
        "spec": layered_view(panel_layers(ink), panel_axes(epochs, rungs), width=sizes.panel, height=PANEL_HEIGHT),
    }


def panel_axes(epochs: int, rungs: tuple[int, ...]) -> dict[str, Any]:
    """The axes of a panel, with lines at the rungs."""
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
    return {"x": epoch, "y": alt.Y("validation:Q", title=None, axis=axis, scale=alt.Scale(domain=[0, 1]))}


def panel_layers(ink: str) -> list[alt.Chart]:
    """One trial's curves with rank and accuracy as the heading, and a sign where it ended early."""
    curves, now = alt.Chart().transform_filter("datum.epoch <= replay"), alt.Chart().transform_filter(NOW)
    whole = alt.XValue(0), alt.X2Value("width"), alt.YValue(0), alt.Y2Value("height")
    ground = now.properties(name="panel").mark_rect(fill=BOX, fillOpacity=0.0)
    ground = ground.encode(*whole, alt.FillOpacityValue(0.0, condition={"test": HOVERED, "value": 0.22}))
    title = f"'Best-' + datum.rank + (datum.trial < 0 ? '' : '{NO_BREAK_SPACES}' + format(datum.validation, '.2f'))"
    ends = " + ".join(
        f"(datum.{column} === datum.epoch ? '{NO_BREAK_SPACES}{sign}' : '')" for column, sign in ENDS.items()
    )
    heading = now.transform_calculate(title=f"{title} + {ends}")
    heading = heading.mark_text(align="left", baseline="bottom", dy=-4, fontSize=TEXT_SIZE, color=ink)
    end = curves.transform_filter("datum.given_up == datum.epoch")
    end = end.mark_point(size=34, strokeWidth=1.5, color=VALIDATION, filled=False)
    lost = curves.transform_filter("datum.lost == datum.epoch").mark_point(shape="cross", size=60, color=VALIDATION)
    return [
        ground,
        heading.encode(alt.XValue(0), alt.YValue(0), alt.Text("title:N")),
        curves.mark_line(color=TRAINING, strokeWidth=1.5, strokeDash=[4, 3]).encode(alt.Y("training:Q")),
        curves.mark_line(color=VALIDATION, strokeWidth=2),
        end,
        lost,
    ]
