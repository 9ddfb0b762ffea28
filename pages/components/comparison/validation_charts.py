"""Charts of the page on validation data: digits in either part of a split, and the optimism of a selected accuracy."""

import altair as alt
import numpy as np
import pandas as pd

from core.analysis.selection_bias import expected_best
from pages.components.refresh.cache import memoize
from pages.components.round.chart_style import (
    BOX,
    HIGHLIGHT,
    TRAINING,
    VALIDATION,
)

CLASSES_HEIGHT, OPTIMISM_HEIGHT = 260, 300  # pixels


def classes_frame(counts: np.ndarray) -> pd.DataFrame:
    """One row a digit of a part: digit, part, count. counts: (2, classes), training first"""
    parts = ["train", "validation"]
    rows = [
        (digit, part, int(one)) for part, found in zip(parts, counts, strict=True) for digit, one in enumerate(found)
    ]
    return pd.DataFrame(rows, columns=["digit", "part", "count"])


def classes_chart(frame: pd.DataFrame, names: dict[str, str]) -> alt.Chart:
    """How many images of each digit train and validate, as stacked bars."""
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
            tooltip=[alt.Tooltip("digit:O", title=names["digit"]), alt.Tooltip("part:N", title=names["part"]),
                     alt.Tooltip("count:Q", title=names["count"])],
        )
        .properties(height=CLASSES_HEIGHT)
    )  # fmt: skip


@memoize(4)
def _expected_best_rows(sizes: tuple[int, ...], most: int, accuracy: float) -> list[tuple[int, int, float]]:
    candidates = np.unique(np.geomspace(1, most, 30).round().astype(int))
    return [
        (int(count), size, float(best))
        for size in sizes
        for count, best in zip(candidates, expected_best(candidates, size, accuracy), strict=True)
    ]


def optimism_frame(sizes: list[int], most: int, accuracy: float) -> pd.DataFrame:
    """One row a number of candidates and of images: candidates, images, best (expected accuracy of the best).

    sizes: numbers of validation images    most: candidates    accuracy: the true one of every candidate
    """
    return pd.DataFrame(_expected_best_rows(tuple(sizes), most, accuracy), columns=["candidates", "images", "best"])


def optimism_chart(
    frame: pd.DataFrame, here: tuple[int, int, float], accuracy: float, names: dict[str, str]
) -> alt.LayerChart:
    """Expected accuracy of the best against the number of candidates, one line for each number of images.

    here: candidates, images and best of the point to mark    accuracy: the true one
    """
    x = alt.X("candidates:Q", title=names["candidates"], scale=alt.Scale(type="log", nice=False),
              axis=alt.Axis(values=[1, 2, 5, 10, 20, 50, 100, 200]))  # fmt: skip
    y = alt.Y("best:Q", title=names["accuracy"], scale=alt.Scale(domain=[accuracy - 0.02, 1]))
    lines = (
        alt.Chart(frame)
        .mark_line()
        .encode(x=x, y=y, color=alt.Color("images:O", title=names["images"], scale=alt.Scale(range="ramp")))
    )
    level = alt.Chart(pd.DataFrame({"best": [accuracy], "what": [names["true"]]}))
    rule = level.mark_rule(strokeDash=[5, 3], color=BOX).encode(y=y, tooltip="what:N")
    point = pd.DataFrame([here], columns=["candidates", "images", "best"])
    mark = alt.Chart(point).mark_point(filled=True, size=160, color=HIGHLIGHT).encode(x=x, y=y, tooltip=["best:Q"])
    return alt.layer(rule, lines, mark).properties(height=OPTIMISM_HEIGHT)
