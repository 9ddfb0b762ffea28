"""A chart of accuracies on several seeds."""

import altair as alt
import numpy as np
import pandas as pd

from pages.components.round.chart_style import FIFTHS, HIGHLIGHT, VALIDATION

SEEDS_HEIGHT = 120  # pixels


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
