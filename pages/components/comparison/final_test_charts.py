"""Charts of the final test: accuracies by seed, the confusion matrix, and selection by test accuracy."""

import altair as alt
import numpy as np
import pandas as pd

from core.lab.final_evaluation import SelectionByTestSet
from pages.components.round.chart_style import (
    BOX,
    FIFTHS,
    HIGHLIGHT,
    TRAINING,
    VALIDATION,
)

BEST_BY_TEST = TRAINING  # the trial with the best test accuracy
SEEDS_HEIGHT, SELECTION_HEIGHT = 120, 360  # pixels
CELL = 34  # pixels of a cell of the confusion matrix
DARK_TEXT = "#31333f"  # on a light cell


def seeds_frame(validation: np.ndarray, test: np.ndarray) -> pd.DataFrame:
    """One row a seed and part: seed from 1, part (validation or test), accuracy. validation, test: (seeds,)"""
    parts = {"validation": validation, "test": test}
    rows = [(seed, part, float(one)) for part, found in parts.items() for seed, one in enumerate(found, start=1)]
    return pd.DataFrame(rows, columns=["seed", "part", "accuracy"])


def seeds_chart(frame: pd.DataFrame, led: float | None, names: dict[str, str]) -> alt.LayerChart:
    """Every seed's validation and test accuracy with mean and standard deviation.

    led: the validation accuracy that the value was chosen for, drawn as a line
    names: of the parts, the axis and the line, in the page's language
    """
    order = [names["validation"], names["test"]]
    table = frame.assign(part=frame["part"].map(names))
    x = alt.X("accuracy:Q", title=names["accuracy"], scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(values=FIFTHS))
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
        line = (
            alt.Chart(rule).mark_rule(color=HIGHLIGHT, strokeDash=[5, 3], strokeWidth=2).encode(x=x, tooltip="what:N")
        )
        layers.append(line)
    return alt.layer(*layers).properties(height=SEEDS_HEIGHT)


def confusion_chart(counts: np.ndarray, names: dict[str, str], labels: list[str] | None = None) -> alt.LayerChart:
    """How often a label (row) was taken for another (column). counts: (classes, classes)    labels: None for digits"""
    rows, columns = np.indices(counts.shape)
    table = pd.DataFrame({"truth": rows.ravel(), "seen": columns.ravel(), "count": counts.ravel()})
    table["share"] = table["count"] / np.maximum(counts.sum(axis=1), 1)[table["truth"]]
    if labels is not None:
        table = table.assign(truth=[labels[row] for row in table["truth"]], seen=[labels[one] for one in table["seen"]])
    upright = 0 if labels is None or max(map(len, labels)) <= 2 else -60
    base = alt.Chart(table).encode(
        x=alt.X("seen:O", title=names["seen"], sort=labels, axis=alt.Axis(labelAngle=upright, orient="top")),
        y=alt.Y("truth:O", title=names["truth"], sort=labels),
    )
    shown = [alt.Tooltip("truth:O", title=names["truth"]), alt.Tooltip("seen:O", title=names["seen"]), "count:Q"]
    cells = base.mark_rect().encode(
        color=alt.Color("share:Q", scale=alt.Scale(scheme="blues", domain=[0, 1]), legend=None), tooltip=shown
    )
    text = (
        base.transform_filter("datum.count > 0")
        .mark_text(fontSize=11)
        .encode(text="count:Q", color=alt.condition("datum.share > 0.5", alt.value("white"), alt.value(DARK_TEXT)))
    )
    return alt.layer(cells, text).properties(width=CELL * len(counts), height=CELL * len(counts))


def selection_frame(found: SelectionByTestSet, chosen: tuple[int, int] | None) -> pd.DataFrame:
    """One row a trial: round, trial, accuracies validation, opened, fresh, and its role.

    chosen: round and trial of the student's choice    role: trial, chosen, or best_by_test on the opened images
    """
    frame = pd.DataFrame({name: getattr(found, name) for name in ("number", "trial", "validation", "opened", "fresh")})
    frame["role"] = "trial"
    frame.loc[found.best_by(found.opened), "role"] = "best_by_test"
    if chosen is not None:
        frame.loc[(frame["number"] == chosen[0]) & (frame["trial"] == chosen[1]), "role"] = "chosen"
    return frame


def selection_chart(frame: pd.DataFrame, names: dict[str, str]) -> alt.LayerChart:
    """Accuracy on fresh test images against that on the opened ones; below the diagonal the latter is optimistic."""
    roles = ["trial", "chosen", "best_by_test"]
    table = frame.assign(role=frame["role"].map(names))
    axes = {
        "x": alt.X("opened:Q", title=names["opened"], scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(values=FIFTHS)),
        "y": alt.Y("fresh:Q", title=names["fresh"], scale=alt.Scale(domain=[0, 1])),
    }
    diagonal = pd.DataFrame({"opened": [0, 1], "fresh": [0, 1]})
    line = alt.Chart(diagonal).mark_line(color=BOX, strokeDash=[4, 3]).encode(**axes)
    domain, colours = [names[role] for role in roles], [VALIDATION, HIGHLIGHT, BEST_BY_TEST]
    points = (
        alt.Chart(table)
        .mark_point(filled=True, opacity=0.8)
        .encode(
            **axes,
            color=alt.Color("role:N", title=None, scale=alt.Scale(domain=domain, range=colours),
                            legend=alt.Legend(orient="top", columns=2)),
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
    return alt.layer(line, points).properties(height=SELECTION_HEIGHT)
