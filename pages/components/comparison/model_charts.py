"""Charts of a model of the accuracy: its surface, the shares of the hyperparameters, the trials it proposes."""

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd

from core.analysis.axis_effects import Effects
from core.analysis.bayesian_search import AcquisitionMaps
from core.analysis.functional_anova import Importance, Surface
from core.analysis.observations import Observations
from core.analysis.variance_shares import interval
from core.space import AXES, DEFAULT_AXES, STEP
from pages.components.round.axis_charts import place_axis
from pages.components.round.chart_style import (
    FIFTHS,
    HIGHLIGHT,
    VALIDATION,
    Domain,
)
from pages.components.round.searched_axes import place_field

SURFACE_HEIGHT, SHARES_HEIGHT, PROPOSAL_HEIGHT = 360, 150, 260  # pixels
PAIRS, BAR_HEIGHT = 3, 42  # pairs that are shown where more than two axes are searched; pixels of a bar
THREE_COLUMNS = 1000  # pixels of a page on which the maps of a proposal are side by side
CELL_OVERLAP = 1.06  # a cell's side in steps of the grid; without overlap the background shows between cells
FIXED_MARGIN = STEP / 2  # decades drawn on either side of a range that is fixed


def axis_ends(axis: str, low: float, high: float) -> list[float]:
    """The ends of an axis for a range of places; around whole ones there is room for their cells."""
    if AXES[axis].is_whole:
        return [low - 0.5, high + 0.5]
    return [low, high] if high > low else [low - FIXED_MARGIN, high + FIXED_MARGIN]


def cells_frame(
    axes: tuple[np.ndarray, np.ndarray], columns: dict[str, np.ndarray], names: Sequence[str] = DEFAULT_AXES
) -> pd.DataFrame:
    """One row a cell of a grid over two axes: its sides, such as lr, lr_high, wd, wd_high, and the given columns.

    axes: places, (n,) each    columns: (n, n) each, the first axis first    names: of the axes
    """
    first, second = axes
    half = [CELL_OVERLAP * (axis[1] - axis[0]) / 2 if len(axis) > 1 else FIXED_MARGIN for axis in axes]
    across, up = np.meshgrid(first, second, indexing="ij")
    x, y = map(place_field, names)
    ends = {x: across - half[0], f"{x}_high": across + half[0], y: up - half[1], f"{y}_high": up + half[1]}
    return pd.DataFrame({name: np.round(cells.ravel(), 4) for name, cells in (ends | columns).items()})


def surface_chart(surface: Surface, data: Observations, names: dict[str, str]) -> alt.LayerChart:
    """The model's mean accuracy as a map, with the trials it was fitted to."""
    columns = {"mean": np.clip(surface.mean, 0, 1), "deviation": surface.deviation}
    shown = [alt.Tooltip("mean:Q", title=names["accuracy"], format=".2f"), alt.Tooltip("deviation:Q", format=".2f")]
    pair = data.space.axes[0], data.space.axes[1]
    return model_map(pair, surface.axes, columns, data, names, shown)


def pair_chart(effects: Effects, data: Observations, names: dict[str, str]) -> alt.LayerChart:
    """The model's mean accuracy over the two axes that explain most together, with all trials."""
    one, other = effects.strongest
    axes = effects.along[one].places, effects.along[other].places
    shown = [alt.Tooltip("mean:Q", title=names["accuracy"], format=".2f")]
    columns = {"mean": np.clip(effects.together, 0, 1)}
    return model_map(effects.strongest, axes, columns, data, names, shown)


def model_map(
    pair: tuple[str, str],
    axes: tuple[np.ndarray, np.ndarray],
    columns: dict[str, np.ndarray],
    data: Observations,
    names: dict[str, str],
    shown: list[alt.Tooltip],
) -> alt.LayerChart:
    """A model's mean accuracy over two axes as a map, with the trials it was fitted to."""  # fmt: skip
    scale = alt.Scale(range="ramp", domain=[0, 1])
    x, y = (
        place_axis(channel, axis, names[axis], Domain(*axis_ends(axis, data.space[axis].low, data.space[axis].high)))
        for channel, axis in zip("xy", pair, strict=True)
    )
    fields = [place_field(axis) for axis in pair]
    colour = alt.Color("mean:Q", scale=scale, title=names["accuracy"], legend=alt.Legend(orient="top"))
    cells = (
        alt.Chart(cells_frame(axes, columns, pair))
        .mark_rect(clip=True)
        .encode(x=x, x2=f"{fields[0]}_high:Q", y=y, y2=f"{fields[1]}_high:Q", color=colour, tooltip=shown)
    )
    places = {place_field(axis): data.x[:, data.space.axes.index(axis)] for axis in pair}
    trials = pd.DataFrame({**places, "mean": data.y})
    points = alt.Chart(trials).mark_point(filled=True, size=55, stroke="white", strokeWidth=1, opacity=1)
    points = points.encode(
        x=f"{fields[0]}:Q", y=f"{fields[1]}:Q", color=colour, tooltip=[alt.Tooltip("mean:Q", format=".3f")]
    )
    return alt.layer(cells, points).properties(height=SURFACE_HEIGHT)


def shares_frame(shares: Importance) -> pd.DataFrame:
    """One row a share: part, mean, and between what it lies on 95% of the surfaces, low and high.

    Of more than two axes, only the PAIRS pairs that explain most are there.
    """
    parts = list(shares.main.items())
    if len(parts) == 2:
        parts.append(("interaction", shares.interaction))
    else:
        pairs = sorted(shares.pairs.items(), key=lambda pair: -float(pair[1].mean()))[:PAIRS]
        parts += [(pair_name(pair), share) for pair, share in pairs]
    rows = [(part, float(share.mean()), *interval(share)) for part, share in parts]
    return pd.DataFrame(rows, columns=["part", "mean", "low", "high"])


def pair_name(pair: tuple[str, str]) -> str:
    """What stands for two axes together in `shares_frame`."""
    return " × ".join(pair)


def shares_chart(frame: pd.DataFrame, names: dict[str, str]) -> alt.LayerChart:
    """The shares as bars, with the ranges in which they lie."""
    order = [names[part] for part in frame["part"]]
    base = alt.Chart(frame.assign(part=frame["part"].map(names))).encode(
        y=alt.Y("part:N", sort=order, title=None, axis=alt.Axis(labelLimit=200))
    )
    x = alt.X("mean:Q", title=names["share"], scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(values=FIFTHS))
    bars = base.mark_bar(color=VALIDATION).encode(x=x, tooltip=[alt.Tooltip("mean:Q", format=".2f")])
    spread = base.mark_rule(strokeWidth=2.5, color=HIGHLIGHT).encode(x="low:Q", x2="high:Q")
    return alt.layer(bars, spread).properties(height=max(SHARES_HEIGHT, BAR_HEIGHT * len(frame)))


def proposals_chart(maps: AcquisitionMaps, data: Observations, names: dict[str, str], width: int) -> alt.ConcatChart:
    """Mean, uncertainty and expected improvement over the ranges, with the trials so far and the proposed batch.

    width: pixels of the page
    """
    columns = 3 if width >= THREE_COLUMNS else 1
    side = width // columns - 110
    x, y = (
        place_axis(channel, name, names[name], Domain(*axis_ends(name, float(axis[0]), float(axis[-1]))))
        for channel, name, axis in zip("xy", maps.shown, maps.axes, strict=True)
    )
    fields = [place_field(axis) for axis in maps.shown]
    columns_of = [maps.searched.index(axis) for axis in maps.shown]
    frame = cells_frame(
        maps.axes,
        {"mean": np.clip(maps.mean, 0, 1), "deviation": maps.deviation, "improvement": maps.improvement},
        maps.shown,
    )
    cells = alt.Chart(frame).mark_rect(clip=True)
    cells = cells.encode(x=x, x2=f"{fields[0]}_high:Q", y=y, y2=f"{fields[1]}_high:Q")
    where = {"x": f"{fields[0]}:Q", "y": f"{fields[1]}:Q"}
    tried = pd.DataFrame(data.x[:, [data.space.axes.index(axis) for axis in maps.shown]], columns=fields)
    done = alt.Chart(tried).mark_point(size=22, color="white", strokeWidth=1.2, clip=True).encode(**where)
    proposed = pd.DataFrame(maps.batch[:, columns_of], columns=fields).assign(turn=range(1, len(maps.batch) + 1))
    marks = alt.Chart(proposed).mark_point(shape="diamond", filled=True, size=110, color=HIGHLIGHT, stroke="white")
    marks = marks.encode(**where, tooltip="turn:O")
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
