"""Charts of a model of the accuracy: its surface, the shares of the hyperparameters, the trials it proposes."""

import altair as alt
import numpy as np
import pandas as pd

from core.analysis.bayesian_search import AcquisitionMaps
from core.analysis.functional_anova import Importance, Surface
from core.analysis.observations import Observations
from core.analysis.variance_shares import interval
from core.space import STEP
from pages.components.round.chart_style import (
    FIFTHS,
    HIGHLIGHT,
    VALIDATION,
    Domain,
    power_axis,
)

SURFACE_HEIGHT, SHARES_HEIGHT, PROPOSAL_HEIGHT = 360, 150, 260  # pixels
THREE_COLUMNS = 1000  # pixels of a page on which the maps of a proposal are side by side
CELL_OVERLAP = 1.06  # a cell's side in steps of the grid; without overlap the background shows between cells
FIXED_MARGIN = STEP / 2  # decades drawn on either side of a range that is fixed


def axis_ends(low: float, high: float) -> list[float]:
    """The ends of an axis for a range of exponents."""
    return [low, high] if high > low else [low - FIXED_MARGIN, high + FIXED_MARGIN]


def cells_frame(axes: tuple[np.ndarray, np.ndarray], columns: dict[str, np.ndarray]) -> pd.DataFrame:
    """One row a cell of a grid over the log plane: its sides lr, lr_high, wd, wd_high and the given columns.

    axes: exponents of learning rate and weight decay, (n,) each    columns: (n, n) each, learning rate first
    """
    rate, decay = axes
    half = [CELL_OVERLAP * (axis[1] - axis[0]) / 2 if len(axis) > 1 else FIXED_MARGIN for axis in axes]
    lr, wd = np.meshgrid(rate, decay, indexing="ij")
    ends = {"lr": lr - half[0], "lr_high": lr + half[0], "wd": wd - half[1], "wd_high": wd + half[1]}
    return pd.DataFrame({name: np.round(cells.ravel(), 4) for name, cells in (ends | columns).items()})


def surface_chart(surface: Surface, data: Observations, names: dict[str, str]) -> alt.LayerChart:
    """The model's mean accuracy as a map, with the trials it was fitted to."""
    scale = alt.Scale(range="ramp", domain=[0, 1])
    ends = [axis_ends(range_.low, range_.high) for range_ in data.space.ranges().values()]
    x, y = (
        power_axis(channel, field, names[field], Domain(*end))
        for channel, field, end in (("x", "lr", ends[0]), ("y", "wd", ends[1]))
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
    return alt.layer(cells, points).properties(height=SURFACE_HEIGHT)


def shares_frame(shares: Importance) -> pd.DataFrame:
    """One row a share: part, mean, and between what it lies on 95% of the surfaces, low and high."""
    parts = [(part, getattr(shares, part)) for part in ("learning_rate", "weight_decay", "interaction")]
    rows = [(part, float(share.mean()), *interval(share)) for part, share in parts]
    return pd.DataFrame(rows, columns=["part", "mean", "low", "high"])


def shares_chart(frame: pd.DataFrame, names: dict[str, str]) -> alt.LayerChart:
    """The shares as bars, with the ranges in which they lie."""
    order = [names[part] for part in frame["part"]]
    base = alt.Chart(frame.assign(part=frame["part"].map(names))).encode(
        y=alt.Y("part:N", sort=order, title=None, axis=alt.Axis(labelLimit=200))
    )
    x = alt.X("mean:Q", title=names["share"], scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(values=FIFTHS))
    bars = base.mark_bar(color=VALIDATION).encode(x=x, tooltip=[alt.Tooltip("mean:Q", format=".2f")])
    spread = base.mark_rule(strokeWidth=2.5, color=HIGHLIGHT).encode(x="low:Q", x2="high:Q")
    return alt.layer(bars, spread).properties(height=SHARES_HEIGHT)


def proposals_chart(maps: AcquisitionMaps, data: Observations, names: dict[str, str], width: int) -> alt.ConcatChart:
    """Mean, uncertainty and expected improvement over the ranges, with the trials so far and the proposed batch.

    width: pixels of the page
    """
    columns = 3 if width >= THREE_COLUMNS else 1
    side = width // columns - 110
    x, y = (
        power_axis(channel, field, names[field], Domain(*axis_ends(float(axis[0]), float(axis[-1]))))
        for channel, field, axis in zip("xy", ("lr", "wd"), maps.axes, strict=True)
    )
    frame = cells_frame(
        maps.axes,
        {"mean": np.clip(maps.mean, 0, 1), "deviation": maps.deviation, "improvement": maps.improvement},
    )
    cells = alt.Chart(frame).mark_rect(clip=True).encode(x=x, x2="lr_high:Q", y=y, y2="wd_high:Q")
    tried = pd.DataFrame({"lr": data.x[:, 0], "wd": data.x[:, 1]})
    done = alt.Chart(tried).mark_point(size=22, color="white", strokeWidth=1.2, clip=True).encode(x="lr:Q", y="wd:Q")
    proposed = pd.DataFrame({"lr": maps.batch[:, 0], "wd": maps.batch[:, 1], "turn": range(1, len(maps.batch) + 1)})
    marks = alt.Chart(proposed).mark_point(shape="diamond", filled=True, size=110, color=HIGHLIGHT, stroke="white")
    marks = marks.encode(x="lr:Q", y="wd:Q", tooltip="turn:O")
    parts = []
    kinds = {
        "mean": alt.Scale(range="ramp", domain=[0, 1]),
        "deviation": alt.Scale(scheme="greys", domainMin=0),
        "improvement": alt.Scale(scheme="blues", domainMin=0),
    }
    for name, scale in kinds.items():
        legend = alt.Legend(title=None, orient="bottom", gradientLength=160, tickCount=3)
        colour = alt.Color(f"{name}:Q", scale=scale, legend=legend)
        shown = cells.encode(color=colour, tooltip=[alt.Tooltip(f"{name}:Q", title=names[name], format=".3f")])
        title = alt.Title(names[name], anchor="start")
        parts.append(alt.layer(shown, done, marks).properties(width=side, height=PROPOSAL_HEIGHT, title=title))
    return alt.concat(*parts, columns=columns, spacing=20).resolve_scale(color="independent")
