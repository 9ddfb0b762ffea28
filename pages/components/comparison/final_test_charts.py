"""Charts of the final test: the confusion matrix, and selection by test accuracy."""

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
SELECTION_HEIGHT = 360  # pixels
CELL = 34  # pixels of a cell of the confusion matrix
DARK_TEXT = "#31333f"  # on a light cell


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
    shown = [alt.Tooltip("truth:O", title=names["truth"]), alt.Tooltip("seen:O", title=names["seen"]),
             alt.Tooltip("count:Q", title=names["count"])]  # fmt: skip
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
                alt.Tooltip("number:O", title=names["number"]), alt.Tooltip("trial:O", title=names["of_trial"]),
                alt.Tooltip("validation:Q", title=names["validation"], format=".3f"),
                alt.Tooltip("opened:Q", title=names["opened"], format=".3f"),
                alt.Tooltip("fresh:Q", title=names["fresh"], format=".3f"),
            ],
        )
    )  # fmt: skip
    return alt.layer(line, points).properties(height=SELECTION_HEIGHT)
