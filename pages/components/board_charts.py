"""The class board's charts: a board's arrays to tables, and the charts that draw them, built once.

    points    # one row a trial on the map              ranges   # one row a student's ranges
    lines     # one row a round of a student            budget   # the epochs that all are compared at
    curves    # one row an epoch of a Best-20 trial     finals   # one row a student's final test

Made to be read from the back row: large type, and whatever colour tells is told by size, shape or word too.
"""

import math
from typing import Any

import altair as alt
import numpy as np
import pyarrow as pa

from core.board import NEVER, Board
from core.space import SearchSpace, plain, value
from pages.components.charts import (
    BOX,
    INK,
    NO_HEADER,
    TRAINING,
    VALIDATION,
    Domain,
    diverged_shape,
    domains,
    power_axis,
)
from pages.components.remembered import made_once
from pages.components.text import catalogue

RANGES, LEADERS, BUDGET = "#7c8591", "#c2417c", "#c2417c"
CURVE_POINTS = 30  # of an epoch axis; a panel is small
TALL, FLAT = {True: 570, False: 400}, {True: 230, False: 260}  # heights in pixels, by whether the page is wide
FINALS = {True: 430, False: 360}
PANEL, PANEL_WIDTH = 56, 160  # pixels of a Best panel, and the least that it may be wide
AXIS, GAP = 40, 16  # pixels for a panel's axis; between panels
SCALES = (10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000)
EPOCHS = [lead * scale for scale in SCALES for lead in (1, 2, 5)]  # ends of an axis of epochs

Names = dict[int, str]  # what the page calls a student, by seat


# ---------------------------------------------------------------------------------------------------- tables


def points_table(board: Board, names: Names) -> pa.Table:
    """One row a trial that the map draws: who, exponents lr and wd, values, accuracy, diverged, rank among the best."""
    drawn = board.drawn
    rank = np.zeros(len(board.validation), np.int8)
    rank[board.best] = np.arange(1, len(board.best) + 1)
    return pa.table(
        {
            "who": pa.array([names.get(int(seat), "") for seat in board.seat[drawn]], pa.string()).dictionary_encode(),
            "lr": board.lr[drawn].astype(np.float32),
            "wd": board.wd[drawn].astype(np.float32),
            "validation": board.validation[drawn].astype(np.float32),
            "diverged": board.diverged[drawn],
            "rank": rank[drawn],
        }
    )


def ranges_table(board: Board, names: Names) -> pa.Table:
    """One row a student who has begun: who, and the exponents of the sides of the ranges; large ones come first."""
    spaces = {seat: space for seat, track in zip(board.seats, board.tracks, strict=True) if (space := track.space)}
    order = sorted(spaces, key=lambda seat: -math.prod(one.width for one in spaces[seat].ranges().values()))
    sides = [(spaces[seat].learning_rate, spaces[seat].weight_decay) for seat in order]
    columns = {
        "lr": [rate.low for rate, _ in sides],
        "lr_high": [rate.high for rate, _ in sides],
        "wd": [decay.low for _, decay in sides],
        "wd_high": [decay.high for _, decay in sides],
    }
    who = pa.array([names.get(int(seat), "") for seat in order], pa.string())
    return pa.table({"who": who} | {name: pa.array(column, pa.float64()) for name, column in columns.items()})


def lines_table(board: Board, names: Names) -> pa.Table:
    """One row a round of a student: seat, who, epochs spent by then, best accuracy by then, whether it is the last."""
    rows = [
        (int(seat), names.get(int(seat), ""), int(spent), float(best), place == len(track.spent) - 1)
        for seat, track in zip(board.seats, board.tracks, strict=True)
        for place, (spent, best) in enumerate(zip(track.spent, track.best, strict=True))
        if best > NEVER
    ]
    kinds = {"seat": pa.int16(), "who": pa.string(), "spent": pa.int32(), "best": pa.float32(), "last": pa.bool_()}
    columns = list(zip(*rows, strict=True)) or [()] * len(kinds)
    return pa.table({name: pa.array(column, kind) for (name, kind), column in zip(kinds.items(), columns, strict=True)})


def budget_table(budget: int, label: str) -> pa.Table:
    """The epochs that all are compared at, with what is written there; no row for none."""
    rows = [budget] if budget else []
    return pa.table({"budget": pa.array(rows, pa.int32()), "label": pa.array([label] * len(rows), pa.string())})


def curves_table(board: Board, names: Names) -> pa.Table:
    """One row an epoch of each of the class's best: rank, epoch, first, validation, training, two lines of words."""
    columns: dict[str, list[Any]] = {name: [] for name in ("rank", "epoch", "first", "validation", "training")}
    heads: list[str] = []
    lines: list[str] = []
    for rank, place in enumerate(board.best, start=1):
        progress, trial = board.curve(int(place))
        done = int(progress.epochs_done[trial])
        shown = np.unique(np.linspace(0, done - 1, min(done, CURVE_POINTS)).astype(int))
        columns["rank"] += [rank] * len(shown)
        columns["epoch"] += (shown + 1).tolist()
        columns["first"] += (shown == 0).tolist()
        columns["validation"] += progress.validation_accuracy[trial, shown].tolist()
        columns["training"] += progress.train_accuracy[trial, shown].tolist()
        who = names.get(int(board.seat[place]), "")
        rate, decay = plain(value(board.lr[place])), plain(value(board.wd[place]))
        heads += [f"{rank}:  {board.validation[place]:.2f}  {who}", *[""] * (len(shown) - 1)]  # told once a trial
        lines += [f"lr {rate}  wd {decay}", *[""] * (len(shown) - 1)]
    kinds = [pa.int8(), pa.int16(), pa.bool_(), pa.float32(), pa.float32()]
    numbers = {name: pa.array(columns[name], kind) for name, kind in zip(columns, kinds, strict=True)}
    words = {name: pa.array(column, pa.string()) for name, column in (("head", heads), ("values", lines))}
    return pa.table(numbers | words)


def finals_table(board: Board, names: Names) -> pa.Table:
    """One row a student whose value was chosen by a validation accuracy: who, that accuracy, test accuracy."""
    chosen = [one for one in board.finals if one.led is not None]
    return pa.table(
        {
            "who": pa.array([names.get(one.seat, "") for one in chosen], pa.string()),
            "validation": pa.array([one.led for one in chosen], pa.float64()),
            "test": pa.array([one.test for one in chosen], pa.float64()),
        }
    )


def map_domains(board: Board) -> tuple[Domain, Domain]:
    """What the map shows: all trials and all ranges, and in any case the ranges that the lesson begins with."""
    return domains([SearchSpace(), *(one.progress.plan.space for track in board.tracks for one in track.rounds)])


def most_epochs(board: Board) -> int:
    """Where the axis of epochs ends: the next round number, so that it seldom moves."""
    most = max((track.total for track in board.tracks), default=0)
    return next(end for end in EPOCHS if end >= most)


# ---------------------------------------------------------------------------------------------------- charts


def large(chart: Any, dark: bool) -> dict[str, Any]:
    """A chart in type for the back row."""
    found: dict[str, Any] = (
        chart.configure_view(stroke=BOX, strokeOpacity=0.35)
        .configure_axis(labelFontSize=15, titleFontSize=16, titleColor=INK[dark], labelColor=INK[dark])
        .configure_legend(labelFontSize=15, titleFontSize=15, titleColor=INK[dark], labelColor=INK[dark])
        .to_dict(validate=False)  # tests do
    )
    return found


def accuracy(channel: Any, field: str, title: str | None) -> Any:
    """An axis from 0 to 1."""
    return channel(f"{field}:Q", title=title, scale=alt.Scale(domain=[0, 1]),
                   axis=alt.Axis(values=[0, 0.2, 0.4, 0.6, 0.8, 1], format=".1f", gridOpacity=0.4))  # fmt: skip


@made_once(128)
def map_spec(wide: bool, lr: Domain, wd: Domain, named: bool, lang: str, dark: bool) -> dict[str, Any]:
    """All trials on the log plane, larger and brighter the better, over everybody's ranges.

    wide: whether two columns stand side by side    named: whether a trial tells whose it is    dark: the theme
    """
    word = catalogue(lang).gettext
    ink = INK[dark]
    who = alt.Tooltip("who:N", title=word("student"))
    axes = {
        "x": power_axis("x", "lr", word("learning rate"), lr),
        "y": power_axis("y", "wd", word("weight decay"), wd),
    }
    boxes = alt.Chart(alt.NamedData("ranges")).mark_rect(
        fill=RANGES, fillOpacity=0, stroke=RANGES, strokeWidth=1.5, strokeOpacity=0.95
    )
    ranges = boxes.encode(x2="lr_high:Q", y2="wd_high:Q", tooltip=[who])
    trials = alt.Chart(alt.NamedData("points"))
    shown = [
        *([who] if named else []),
        alt.Tooltip("validation:Q", title=word("validation accuracy"), format=".3f"),
        alt.Tooltip("diverged:N", title=word("diverged")),
    ]
    legend = alt.Legend(title=word("val acc"), orient="top", direction="horizontal", values=[0, 0.25, 0.5, 0.75, 1],
                        format=".2f", symbolType="circle", columns=5)  # fmt: skip
    points = trials.mark_point(filled=True, opacity=0.85, stroke=BOX, strokeWidth=0.8 if dark else 0.4).encode(
        color=alt.Color("validation:Q", scale=alt.Scale(scheme="viridis", domain=[0, 1]), legend=legend),
        size=alt.Size("validation:Q", scale=alt.Scale(domain=[0, 1], range=[18, 170]), legend=legend),
        shape=diverged_shape(),
        tooltip=shown,
    )
    rings = (
        trials.transform_filter("datum.rank > 0")
        .mark_point(size=330, strokeWidth=2.5, color=LEADERS, filled=False)
    )  # fmt: skip
    first = trials.transform_filter("datum.rank == 1").mark_text(
        text="Best-1", dy=-20, fontSize=17, fontWeight="bold", color=ink
    )
    chart = alt.layer(ranges, points, rings, first, encoding=alt.SharedEncoding(**axes))
    return large(chart.properties(height=TALL[wide]), dark)


@made_once(128)
def lines_spec(wide: bool, most: int, named: bool, lang: str, dark: bool) -> dict[str, Any]:
    """Everybody's best accuracy so far against the epochs spent for it. most: where the axis of epochs ends"""
    word = catalogue(lang).gettext
    x = alt.X("spent:Q", title=word("epochs spent"), scale=alt.Scale(domain=[0, most], nice=False),
              axis=alt.Axis(format=",d", tickCount=5, gridOpacity=0.4))  # fmt: skip
    y = accuracy(alt.Y, "best", word("best accuracy so far"))
    shown = [
        *([alt.Tooltip("who:N", title=word("student"))] if named else []),
        alt.Tooltip("best:Q", title=word("validation accuracy"), format=".3f"),
        alt.Tooltip("spent:Q", title=word("epochs spent")),
    ]
    base = alt.Chart(alt.NamedData("lines")).encode(x=x, y=y)
    steps = base.mark_line(interpolate="step-after", color=VALIDATION, strokeWidth=1.6, opacity=0.85)
    lines = steps.encode(detail="seat:N", order="spent:Q")
    ends = base.transform_filter("datum.last").mark_point(filled=True, size=60, color=VALIDATION, opacity=0.9)
    at = alt.Chart(alt.NamedData("budget")).encode(x=alt.X("budget:Q", scale=alt.Scale(domain=[0, most], nice=False)))
    rule = at.mark_rule(color=BUDGET, strokeDash=[6, 4], strokeWidth=2)
    label = at.mark_text(align="left", baseline="top", dx=5, fontSize=14, color=INK[dark]).encode(
        y=alt.value(4), text="label:N"
    )
    chart = alt.layer(rule, lines, ends.encode(tooltip=shown), label)
    return large(chart.properties(height=FLAT[wide]), dark)


@made_once(128)
def best_spec(width: int, epochs: int, lang: str, dark: bool) -> dict[str, Any]:
    """The class's Best-20 as curves. epochs: of the longest of them"""
    word = catalogue(lang).gettext
    columns = next(count for count in (10, 5, 4, 2) if count == 2 or width >= count * PANEL_WIDTH)
    ink = INK[dark]
    low, high = (1, epochs) if epochs > 1 else (0.5, 1.5)
    axis = alt.Axis(values=[1, epochs] if epochs > 1 else [1], format="d", grid=False, labelFontSize=12)
    x = alt.X("epoch:Q", title=None, axis=axis, scale=alt.Scale(domain=[low, high], nice=False))
    ends = alt.Axis(values=[0, 0.5, 1], labelExpr="datum.value == 0.5 ? '' : datum.label", format="d", gridOpacity=0.4,
                    labelFontSize=12)  # fmt: skip

    def y(field: str) -> alt.Y:
        return alt.Y(f"{field}:Q", title=None, axis=ends, scale=alt.Scale(domain=[0, 1]))

    base = alt.Chart().encode(x=x)
    first = alt.Chart().transform_filter("datum.first")
    lines = [
        base.mark_line(color=TRAINING, strokeWidth=1.5, strokeDash=[4, 3]).encode(y=y("training")),
        base.mark_line(color=VALIDATION, strokeWidth=2.5).encode(y=y("validation")),
    ]
    side = (width - AXIS - (GAP + 12) * (columns - 1)) // columns
    bold = {"dy": -18, "fontSize": 15, "fontWeight": "bold"}
    words = [
        first.mark_text(align="left", baseline="bottom", color=ink, limit=side, **style).encode(
            x=alt.value(0), y=alt.value(0), text=f"{field}:N"
        )
        for field, style in (("head", bold), ("values", {"dy": -3, "fontSize": 12}))
    ]
    panel = alt.layer(*lines, *words, data=alt.NamedData("curves"))
    chart = panel.properties(width=side, height=PANEL).facet(
        facet=alt.Facet("rank:O", header=NO_HEADER, sort="ascending"),
        columns=columns,
        spacing={"column": GAP, "row": 24},
        title=alt.Title(
            word("The class's Best-20"),
            subtitle=word("accuracy by epoch: validation solid, training dashed"),
            anchor="start",
            fontSize=17,
            subtitleFontSize=14,
            color=ink,
            subtitleColor=ink,
            offset=26,
        ),
    )
    return large(chart, dark)


@made_once(128)
def finals_spec(wide: bool, named: bool, lang: str, dark: bool) -> dict[str, Any]:
    """Everybody's test accuracy against the validation accuracy that led there: below the line, it had flattered."""
    word = catalogue(lang).gettext
    ink = INK[dark]
    table = alt.Chart(alt.NamedData("finals"))
    x = accuracy(alt.X, "validation", word("validation accuracy that led to the choice"))
    y = accuracy(alt.Y, "test", word("test accuracy"))
    shown = [
        *([alt.Tooltip("who:N", title=word("student"))] if named else []),
        alt.Tooltip("validation:Q", title=word("validation accuracy"), format=".3f"),
        alt.Tooltip("test:Q", title=word("test accuracy"), format=".3f"),
    ]
    points = table.mark_point(filled=True, size=130, color=VALIDATION, opacity=0.75).encode(x=x, y=y, tooltip=shown)
    line = alt.Chart(alt.sequence(0, 2, 1, as_="at")).mark_line(color=BOX, strokeDash=[6, 4], strokeWidth=2)
    even = line.encode(x="at:Q", y="at:Q")
    means = [
        table.mark_rule(color=LEADERS, strokeWidth=2.5).encode(x="mean(validation):Q"),
        table.mark_rule(color=LEADERS, strokeWidth=2.5, strokeDash=[8, 4]).encode(y="mean(test):Q"),
    ]
    said = [
        table.mark_text(align="left", baseline="bottom", dx=6, fontSize=15, color=ink).encode(
            x="mean(validation):Q", y=alt.value(18), text=alt.value(word("mean, validation"))
        ),
        table.mark_text(align="left", baseline="bottom", dy=-4, fontSize=15, color=ink).encode(
            x=alt.value(6), y="mean(test):Q", text=alt.value(word("mean, test"))
        ),
    ]
    chart = alt.layer(even, *means, points, *said)
    return large(chart.properties(height=FINALS[wide]), dark)
