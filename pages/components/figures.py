"""Charts that stand still: of the final test. Each is numbers to a table, and a table to a chart."""

from functools import lru_cache
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from core.final_test import Temptation
from core.optimism import expected_best
from core.space import SearchSpace
from core.surrogate import Importance, Maps, Observations, Surface
from pages.components.charts import (
    AXIS,
    BOX,
    CONFIG,
    FAINT,
    INK,
    MEDIUM,
    TRAINING,
    VALIDATION,
    Domain,
    accuracy_axis,
    details,
    diverged_shape,
    domains,
    power_axis,
    vega,
)
from pages.components.remembered import made_once
from pages.components.text import catalogue

CHOSEN, FLATTERED = "#c2417c", TRAINING
TENTHS = [0, 0.2, 0.4, 0.6, 0.8, 1]  # where an axis of accuracies is labelled
STRIP_WIDTH = 90  # pixels
SIDES = ("first", "second")  # tables of two rounds side by side
SEAMLESS = 1.06  # cells of a map overlap a little, so that nothing shines through between them
CELL = 34  # pixels of a cell of the confusion matrix


def seeds_frame(validation: np.ndarray, test: np.ndarray) -> pd.DataFrame:
    """One row an accuracy of a seed: seed from 1, part, accuracy. validation, test: (seeds,)"""
    parts = {"validation": validation, "test": test}
    rows = [(seed, part, float(one)) for part, found in parts.items() for seed, one in enumerate(found, start=1)]
    return pd.DataFrame(rows, columns=["seed", "part", "accuracy"])


def seeds_chart(frame: pd.DataFrame, led: float | None, names: dict[str, str]) -> alt.LayerChart:
    """Every seed's validation and test accuracy, mean and standard deviation, and the accuracy that led there.

    names: what the parts and the axis are called on the page
    """
    order = [names["validation"], names["test"]]
    table = frame.assign(part=frame["part"].map(names))
    x = alt.X("accuracy:Q", title=names["accuracy"], scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(values=TENTHS))
    y = alt.Y("part:N", sort=order, title=None, axis=alt.Axis(labelLimit=200))
    base = alt.Chart(table).encode(x=x, y=y)
    seeds = base.mark_point(size=60, filled=True, opacity=0.55, color=VALIDATION).encode(
        tooltip=[alt.Tooltip("seed:O"), alt.Tooltip("accuracy:Q", title=names["accuracy"], format=".3f")]
    )
    mean = base.mark_tick(thickness=3, size=26, color=VALIDATION).encode(x="mean(accuracy):Q")
    spread = base.mark_errorbar(extent="stdev", color=VALIDATION, thickness=2)
    layers = [spread, seeds, mean]
    if led is not None:
        rule = pd.DataFrame({"accuracy": [led], "what": [names["led"]]})
        line = alt.Chart(rule).mark_rule(color=CHOSEN, strokeDash=[5, 3], strokeWidth=2).encode(x=x, tooltip="what:N")
        layers.append(line)
    return alt.layer(*layers).properties(height=120)


def confusion_chart(counts: np.ndarray, names: dict[str, str]) -> alt.LayerChart:
    """How often a digit (row) was taken for another (column). counts: (classes, classes)"""
    rows, columns = np.indices(counts.shape)
    table = pd.DataFrame({"truth": rows.ravel(), "seen": columns.ravel(), "count": counts.ravel()})
    table["share"] = table["count"] / np.maximum(counts.sum(axis=1), 1)[table["truth"]]
    base = alt.Chart(table).encode(
        x=alt.X("seen:O", title=names["seen"], axis=alt.Axis(labelAngle=0, orient="top")),
        y=alt.Y("truth:O", title=names["truth"]),
    )
    shown = [alt.Tooltip("truth:O", title=names["truth"]), alt.Tooltip("seen:O", title=names["seen"]), "count:Q"]
    cells = base.mark_rect().encode(
        color=alt.Color("share:Q", scale=alt.Scale(scheme="blues", domain=[0, 1]), legend=None), tooltip=shown
    )
    text = (
        base.transform_filter("datum.count > 0")
        .mark_text(fontSize=11)
        .encode(text="count:Q", color=alt.condition("datum.share > 0.5", alt.value("white"), alt.value("#31333f")))
    )
    return alt.layer(cells, text).properties(width=CELL * 10, height=CELL * 10)


def temptation_frame(found: Temptation, chosen: tuple[int, int] | None) -> pd.DataFrame:
    """One row a trial: round, trial, validation, opened, fresh, and its role: trial, chosen or flattered."""
    frame = pd.DataFrame({name: getattr(found, name) for name in ("number", "trial", "validation", "opened", "fresh")})
    frame["role"] = "trial"
    frame.loc[found.best_by(found.opened), "role"] = "flattered"
    if chosen is not None:
        frame.loc[(frame["number"] == chosen[0]) & (frame["trial"] == chosen[1]), "role"] = "chosen"
    return frame


def temptation_chart(frame: pd.DataFrame, names: dict[str, str]) -> alt.LayerChart:
    """Accuracy on the opened test images against that on fresh ones: what lies below the line has flattered itself."""
    roles = ["trial", "chosen", "flattered"]
    table = frame.assign(role=frame["role"].map(names))
    axes = {
        "x": alt.X("opened:Q", title=names["opened"], scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(values=TENTHS)),
        "y": alt.Y("fresh:Q", title=names["fresh"], scale=alt.Scale(domain=[0, 1])),
    }
    diagonal = pd.DataFrame({"opened": [0, 1], "fresh": [0, 1]})
    line = alt.Chart(diagonal).mark_line(color=BOX, strokeDash=[4, 3]).encode(**axes)
    domain = [names[role] for role in roles]
    points = (
        alt.Chart(table)
        .mark_point(filled=True, opacity=0.8)
        .encode(
            **axes,
            color=alt.Color("role:N", title=None, scale=alt.Scale(domain=domain, range=[VALIDATION, CHOSEN, FLATTERED]),
                            legend=alt.Legend(orient="top")),
            shape=alt.Shape("role:N", title=None,
                            scale=alt.Scale(domain=domain, range=["circle", "diamond", "triangle-up"])),
            size=alt.condition(alt.datum.role == names["trial"], alt.value(40), alt.value(190)),
            tooltip=[
                alt.Tooltip("number:O", title=names["number"]), alt.Tooltip("trial:O"),
                alt.Tooltip("validation:Q", title=names["validation"], format=".3f"),
                alt.Tooltip("opened:Q", title=names["opened"], format=".3f"),
                alt.Tooltip("fresh:Q", title=names["fresh"], format=".3f"),
            ],
        )
    )  # fmt: skip
    return alt.layer(line, points).properties(height=360)


def classes_frame(counts: np.ndarray) -> pd.DataFrame:
    """One row a digit of a part: digit, part, count. counts: (2, classes), training first"""
    parts = ["train", "validation"]
    rows = [
        (digit, part, int(one)) for part, found in zip(parts, counts, strict=True) for digit, one in enumerate(found)
    ]
    return pd.DataFrame(rows, columns=["digit", "part", "count"])


def classes_chart(frame: pd.DataFrame, names: dict[str, str]) -> alt.Chart:
    """How many images of each digit either part has."""
    order = [names["train"], names["validation"]]
    table = frame.assign(part=frame["part"].map(names), order=frame["part"].map({"train": 0, "validation": 1}))
    return (
        alt.Chart(table)
        .mark_bar()
        .encode(
            x=alt.X("digit:O", title=names["digit"], axis=alt.Axis(labelAngle=0)),
            y=alt.Y("count:Q", title=names["count"]),
            color=alt.Color("part:N", title=None, scale=alt.Scale(domain=order, range=[VALIDATION, TRAINING]),
                            legend=alt.Legend(orient="top")),
            order="order:Q",
            tooltip=["digit:O", "part:N", "count:Q"],
        )
        .properties(height=260)
    )  # fmt: skip


@lru_cache(maxsize=4)
def _optimism_rows(sizes: tuple[int, ...], most: int, accuracy: float) -> list[tuple[int, int, float]]:
    candidates = np.unique(np.geomspace(1, most, 30).round().astype(int))
    return [
        (int(count), size, float(best))
        for size in sizes
        for count, best in zip(candidates, expected_best(candidates, size, accuracy), strict=True)
    ]


def optimism_frame(sizes: list[int], most: int, accuracy: float) -> pd.DataFrame:
    """One row a number of candidates and of images: candidates, images, best (expected accuracy of the best)."""
    return pd.DataFrame(_optimism_rows(tuple(sizes), most, accuracy), columns=["candidates", "images", "best"])


def optimism_chart(
    frame: pd.DataFrame, here: tuple[int, int, float], accuracy: float, names: dict[str, str]
) -> alt.LayerChart:
    """How the expected accuracy of the best rises with the candidates, a line a number of images.

    here: candidates, images and best of the point to mark    accuracy: the true one
    """
    x = alt.X("candidates:Q", title=names["candidates"], scale=alt.Scale(type="log", nice=False),
              axis=alt.Axis(values=[1, 2, 5, 10, 20, 50, 100, 200]))  # fmt: skip
    y = alt.Y("best:Q", title=names["accuracy"], scale=alt.Scale(domain=[accuracy - 0.02, 1]))
    lines = (
        alt.Chart(frame)
        .mark_line()
        .encode(x=x, y=y, color=alt.Color("images:O", title=names["images"], scale=alt.Scale(scheme="viridis")))
    )
    level = alt.Chart(pd.DataFrame({"best": [accuracy], "what": [names["true"]]}))
    rule = level.mark_rule(strokeDash=[5, 3], color=BOX).encode(y=y, tooltip="what:N")
    point = pd.DataFrame([here], columns=["candidates", "images", "best"])
    mark = alt.Chart(point).mark_point(filled=True, size=160, color=CHOSEN).encode(x=x, y=y, tooltip=["best:Q"])
    return alt.layer(rule, lines, mark).properties(height=300)


def cells_frame(axes: tuple[np.ndarray, np.ndarray], columns: dict[str, np.ndarray]) -> pd.DataFrame:
    """One row a cell of a grid over the log plane: exponents lr and wd from and to, and the columns given.

    axes: (n,) exponents of learning rate and of weight decay    columns: (n, n) each, learning rate first
    """
    rate, decay = axes
    half = [SEAMLESS * (axis[1] - axis[0]) / 2 for axis in axes]
    lr, wd = np.meshgrid(rate, decay, indexing="ij")
    ends = {"lr": lr - half[0], "lr_high": lr + half[0], "wd": wd - half[1], "wd_high": wd + half[1]}
    return pd.DataFrame({name: np.round(cells.ravel(), 4) for name, cells in (ends | columns).items()})


def surface_chart(surface: Surface, data: Observations, names: dict[str, str]) -> alt.LayerChart:
    """The model as a map, with the trials it rests on."""
    scale = alt.Scale(scheme="viridis", domain=[0, 1])
    ends = [(axis[0], axis[-1]) for axis in surface.axes]
    x, y = (
        channel(f"{field}:Q", title=f"log10 {names[field]}", scale=alt.Scale(domain=list(end), nice=False))
        for channel, field, end in ((alt.X, "lr", ends[0]), (alt.Y, "wd", ends[1]))
    )
    colour = alt.Color("mean:Q", scale=scale, title=names["accuracy"], legend=alt.Legend(orient="top"))
    shown = [alt.Tooltip("mean:Q", title=names["accuracy"], format=".2f"), alt.Tooltip("deviation:Q", format=".2f")]
    columns = {"mean": np.clip(surface.mean, 0, 1), "deviation": surface.deviation}
    cells = (
        alt.Chart(cells_frame(surface.axes, columns))
        .mark_rect(clip=True)
        .encode(x=x, x2="lr_high:Q", y=y, y2="wd_high:Q", color=colour, tooltip=shown)
    )
    trials = pd.DataFrame({"lr": data.x[:, 0], "wd": data.x[:, 1], "mean": data.y})
    points = alt.Chart(trials).mark_point(filled=True, size=55, stroke="white", strokeWidth=1, opacity=1)
    points = points.encode(x="lr:Q", y="wd:Q", color=colour, tooltip=[alt.Tooltip("mean:Q", format=".3f")])
    return alt.layer(cells, points).properties(height=360)


def shares_frame(shares: Importance) -> pd.DataFrame:
    """One row a share: part, mean, low and high (one standard deviation either side)."""
    rows = []
    for part in ("learning_rate", "weight_decay", "together"):
        drawn = getattr(shares, part)
        mean, deviation = float(drawn.mean()), float(drawn.std())
        rows.append((part, mean, max(mean - deviation, 0.0), min(mean + deviation, 1.0)))
    return pd.DataFrame(rows, columns=["part", "mean", "low", "high"])


def shares_chart(frame: pd.DataFrame, names: dict[str, str]) -> alt.LayerChart:
    """The shares as bars with how sure they are."""
    order = [names[part] for part in frame["part"]]
    base = alt.Chart(frame.assign(part=frame["part"].map(names))).encode(
        y=alt.Y("part:N", sort=order, title=None, axis=alt.Axis(labelLimit=200))
    )
    x = alt.X("mean:Q", title=names["share"], scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(values=TENTHS))
    bars = base.mark_bar(color=VALIDATION).encode(x=x, tooltip=[alt.Tooltip("mean:Q", format=".2f")])
    spread = base.mark_rule(strokeWidth=2.5, color=CHOSEN).encode(x="low:Q", x2="high:Q")
    return alt.layer(bars, spread).properties(height=150)


@made_once(64)
def pair_spec(width: int, space: SearchSpace, titles: tuple[str, str], lang: str, dark: bool) -> dict[str, Any]:
    """Two maps with their strips, of the tables SIDES, on the same axes.

    width: pixels of the page    dark: the theme; a chart is built anew for another
    """
    word = catalogue(lang).gettext
    lr, wd = domains([space])
    columns = 2 if width >= MEDIUM else 1
    side = (width - 30 * (columns - 1)) // columns - STRIP_WIDTH - AXIS - 26
    parts = [pair_part(name, title, side, lr, wd, word, dark) for name, title in zip(SIDES, titles, strict=True)]
    beside = "hconcat" if columns == 2 else "vconcat"
    room = {"right": 4}  # a label's width is only estimated: its last digit stood out and was cut off
    return {"$schema": alt.SCHEMA_URL, "config": CONFIG, "padding": room, beside: parts, "spacing": 30}


def pair_part(name: str, title: str, side: int, lr: Domain, wd: Domain, word: Any, dark: bool) -> dict[str, Any]:
    """One side: the map, accuracy by weight decay beside it, accuracy by learning rate below."""
    colour = alt.Color("accuracy:Q", scale=alt.Scale(scheme="viridis", domain=[0, 1]), legend=None)
    points = alt.Chart(alt.NamedData(name)).mark_point(filled=True, size=70, opacity=0.95)
    points = points.transform_calculate(trained="isValid(datum.validation)", accuracy="datum.validation || 0")
    shown = points.encode(
        color=alt.condition("datum.trained", colour, alt.value(FAINT)), shape=diverged_shape(), tooltip=details(word)
    )
    axes = {"x": power_axis("x", "lr", None, lr), "y": power_axis("y", "wd", word("weight decay"), wd)}
    heading = alt.Title(title, anchor="start", fontSize=14, color=INK[dark])
    picture = shown.encode(**axes).properties(width=side, height=220, title=heading)
    accuracy = {channel: accuracy_axis(channel, word("accuracy"), "accuracy") for channel in ("x", "y")}
    beside = shown.encode(x=accuracy["x"], y=power_axis("y", "wd", None, wd))
    below = shown.encode(x=power_axis("x", "lr", word("learning rate"), lr), y=accuracy["y"])
    top = [vega(picture), vega(beside.properties(width=STRIP_WIDTH, height=220))]
    rows = [{"hconcat": top, "spacing": 10}, vega(below.properties(width=side, height=90))]
    return {"vconcat": rows, "spacing": 10}


def proposals_chart(maps: Maps, data: Observations, names: dict[str, str], width: int) -> alt.ConcatChart:
    """Mean, uncertainty and expected improvement over the box, with the trials so far and the batch proposed.

    width: pixels of the page
    """
    columns = 3 if width >= 1000 else 1
    side = width // columns - 110
    x, y = (
        channel(f"{field}:Q", title=f"log10 {names[field]}",
                scale=alt.Scale(domain=[float(axis[0]), float(axis[-1])], nice=False))
        for channel, field, axis in zip((alt.X, alt.Y), ("lr", "wd"), maps.axes, strict=True)
    )  # fmt: skip
    frame = cells_frame(
        maps.axes,
        {"mean": np.clip(maps.mean, 0, 1), "deviation": maps.deviation, "improvement": maps.improvement},
    )
    cells = alt.Chart(frame).mark_rect(clip=True).encode(x=x, x2="lr_high:Q", y=y, y2="wd_high:Q")
    tried = pd.DataFrame({"lr": data.x[:, 0], "wd": data.x[:, 1]})
    done = alt.Chart(tried).mark_point(size=22, color="white", strokeWidth=1.2, clip=True).encode(x="lr:Q", y="wd:Q")
    asked = pd.DataFrame({"lr": maps.batch[:, 0], "wd": maps.batch[:, 1], "turn": range(1, len(maps.batch) + 1)})
    marks = alt.Chart(asked).mark_point(shape="diamond", filled=True, size=110, color=CHOSEN, stroke="white")
    marks = marks.encode(x="lr:Q", y="wd:Q", tooltip="turn:O")
    parts = []
    kinds = (("mean", "viridis", [0, 1]), ("deviation", "greys", None), ("improvement", "blues", None))
    for name, scheme, domain in kinds:
        scale = alt.Scale(scheme=scheme, domain=domain) if domain else alt.Scale(scheme=scheme, domainMin=0)
        legend = alt.Legend(title=None, orient="bottom", gradientLength=160, tickCount=3)
        colour = alt.Color(f"{name}:Q", scale=scale, legend=legend)
        shown = cells.encode(color=colour, tooltip=[alt.Tooltip(f"{name}:Q", title=names[name], format=".3f")])
        title = alt.Title(names[name], anchor="start")
        parts.append(alt.layer(shown, done, marks).properties(width=side, height=260, title=title))
    return alt.concat(*parts, columns=columns, spacing=20).resolve_scale(color="independent")
