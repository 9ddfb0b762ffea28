"""A round's numbers as tables for the charts.

    points   # one row a trial of the viewed round         earlier  # one row a trial of the rounds before it
    curves   # one row an epoch of a Best-20 trial         boxes    # one row a round's ranges
    repeats  # one row a trial trained on other seeds      pointed  # the trial pointed at, if any

The browser gets each table as Arrow bytes under its name.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from core.analysis.statistics import mean_and_deviation
from core.progress import RoundProgress
from core.space import AXES, DEFAULT_AXES, SearchSpace
from pages.components.round.box_labels import Box, place_labels
from pages.components.round.chart_style import Domain
from pages.components.round.searched_axes import applies, place_field, value_field

LATEST_EPOCH = 1000  # stands for the latest in a replay; more than any round has
REPLAY_ROWS = 2400  # of a replay's table: of a larger round it has fewer epochs
PANELS = 20  # Best-1 ... Best-20
CURVE_POINTS = 60  # epochs drawn of a curve; of longer ones every second, third, ... from the last


class Plane(NamedTuple):
    """The map: its size in pixels, the places at its ends, and the names of its axes."""

    width: float
    height: float
    across: Domain
    up: Domain
    x: str = "learning_rate"
    y: str = "weight_decay"

    def box(self, space: SearchSpace) -> Box:
        """Where ranges are drawn, in pixels."""
        across, up = space[self.x], space[self.y]
        wide = self.width / (self.across.high - self.across.low)
        high = self.height / (self.up.high - self.up.low)
        lefts = [wide * (end - self.across.low) for end in (across.low, across.high)]
        bottoms = [high * (end - self.up.low) for end in (up.low, up.high)]
        return Box(lefts[0], bottoms[0], lefts[1], bottoms[1])

    def places(self, spot: Box) -> tuple[float, float]:
        """Those of the lower left corner of a box in pixels."""
        across = self.across.low + spot.left * (self.across.high - self.across.low) / self.width
        up = self.up.low + spot.bottom * (self.up.high - self.up.low) / self.height
        return across, up


def places(progress: RoundProgress, trials: np.ndarray | list[int], axes: Sequence[str]) -> dict[str, np.ndarray]:
    """The places of some trials by the fields of the axes, nan where a hyperparameter changes nothing in the round."""
    return {
        place_field(axis): AXES[axis].places(progress.hyperparameters[axis][trials])
        if applies(progress, axis)
        else np.full(len(trials), np.nan)
        for axis in axes
    }


def points_table(progress: RoundProgress, axes: Sequence[str] = DEFAULT_AXES, planned: bool = False) -> pa.Table:
    """One row a trial with an accuracy, best first: its number, rank from 1, values, accuracies, epochs, how it ended.

    lr is the place of lr_value on its axis, and so on for all axes
    planned: append the trials that have not been trained yet, with accuracies that are nan
    """
    ranking = progress.ranking()
    if planned:
        ranking = np.concatenate([ranking, np.flatnonzero(progress.epochs_done == 0)])
    numbers = {
        **places(progress, ranking, axes),
        **{value_field(axis): progress.hyperparameters[axis][ranking] for axis in axes},
        "validation": progress.last_validation()[ranking],
        "training": progress.last_train()[ranking],
    }
    return pa.table(
        {  # small types: a screen shows no more digits
            "trial": ranking.astype(np.int16),
            "rank": np.arange(1, len(ranking) + 1, dtype=np.int16),
            **{name: column.astype(np.float32) for name, column in numbers.items()},
            "epochs": progress.epochs_measured[ranking].astype(np.int16),
            "given_up": progress.given_up[ranking],
            "diverged": progress.diverged[ranking],
            "since": np.zeros(len(ranking), np.int16),
            "until": np.full(len(ranking), LATEST_EPOCH + 1, np.int16),
        }
    )


def replay_table(progress: RoundProgress, axes: Sequence[str] = DEFAULT_AXES) -> pa.Table:
    """The rows of points_table as they were after some epochs of a round that has ended.

    Each holds from the epoch `since` until before the epoch `until` of the replay.
    """
    epochs = drawn_epochs(progress.plan.epochs, min(CURVE_POINTS, max(REPLAY_ROWS // progress.plan.trials, 2))) + 1
    return pa.concat_tables(
        during(points_table(after(progress, epoch), axes), since, until)
        for epoch, since, until in zip(epochs, [0, *epochs[1:]], [*epochs[1:], LATEST_EPOCH + 1], strict=True)
    )


def after(progress: RoundProgress, epoch: int) -> RoundProgress:
    """A round as it was after an epoch."""
    done = np.minimum(progress.epochs_done, epoch)
    return replace(
        progress,
        epochs_done=done,
        given_up=progress.given_up & (done == progress.epochs_done),
        diverged=progress.diverged & (progress.epochs_measured <= epoch),
    )


def during(points: pa.Table, since: int, until: int) -> pa.Table:
    """A table of points that hold for some epochs of a replay."""
    span = {"since": np.full(len(points), since, np.int16), "until": np.full(len(points), until, np.int16)}
    return pa.table({name: span.get(name, points[name]) for name in points.column_names})


def drawn_epochs(epochs: int, most: int) -> np.ndarray:
    """The epochs, from 0, that are drawn of many: every second, third, ... from the last."""
    return np.arange(epochs)[:: -math.ceil(epochs / most)][::-1]


def curves_table(progress: RoundProgress) -> pa.Table:
    """One row an epoch of each of the Best-20: rank, trial, epoch from 1, validation, training, until, given_up, lost.

    `until` is the epoch of the next row of the same trial, `given_up` that after which it was given up, else 0, `lost`
    that in which it diverged, else 0: its curve ends there.
    A panel without a trial yet has one row with trial -1 and no accuracy, so that the panel is drawn from the start.
    """
    best = progress.ranking()[:PANELS]
    panels = min(PANELS, progress.plan.trials)
    epochs = progress.plan.epochs
    shown = drawn_epochs(epochs, CURVE_POINTS)
    latest = progress.epochs_measured[best] - 1
    reached = np.searchsorted(shown, latest, side="left") + 1
    rank = np.repeat(np.arange(1, len(best) + 1), reached)
    trial = np.repeat(best, reached)
    place = np.concatenate([np.arange(count) for count in reached]) if len(best) else np.arange(0)
    epoch = np.minimum(shown[place], np.repeat(latest, reached))  # a curve ends where the trial does
    empty = np.arange(len(best) + 1, panels + 1)
    gap = np.full(len(empty), np.nan, np.float32)
    # the next drawn epoch of the same curve; the last one holds to the end
    goes_on = np.append(place[1:] > 0, False)[: len(place)]
    until = np.where(goes_on, np.roll(epoch, -1) + 1, LATEST_EPOCH + 1)
    ended = np.where(progress.given_up & ~progress.diverged, progress.epochs_done, 0)
    lost = np.where(progress.diverged, progress.epochs_measured, 0)
    return pa.table(
        {  # small types: most bytes of a tick are this table's
            "rank": np.concatenate([rank, empty]).astype(np.int8),
            "trial": np.concatenate([trial, np.full(len(empty), -1)]).astype(np.int16),
            "epoch": np.concatenate([epoch + 1, np.ones(len(empty), int)]).astype(np.int16),
            "first": np.concatenate([place == 0, np.ones(len(empty), bool)]),
            "validation": np.concatenate([progress.validation_accuracy[trial, epoch], gap]),
            "training": np.concatenate([progress.train_accuracy[trial, epoch], gap]),
            "until": np.concatenate([until, np.full(len(empty), LATEST_EPOCH + 1)]).astype(np.int16),
            "given_up": np.concatenate([ended[trial], np.zeros(len(empty), int)]).astype(np.int16),
            "lost": np.concatenate([lost[trial], np.zeros(len(empty), int)]).astype(np.int16),
        }
    )


def boxes_table(spaces: dict[str, SearchSpace], coming: SearchSpace, plane: Plane) -> pa.Table:
    """One row a labelled box on the map: label, the places of its sides and of its label, and whether it comes next.

    Spaces without both axes of the map have none.

    coming: the ranges of the next round    plane: the map that they are drawn on
    """
    spaces = {label: space for label, space in spaces.items() if plane.x in space and plane.y in space}
    # last the newest box, which lies on the others; its label has the first choice of a place
    ordered = dict(sorted(spaces.items(), key=lambda named: named[1] == coming))
    boxes = [plane.box(space) for space in ordered.values()]
    placed = place_labels([*ordered][::-1], boxes[::-1], plane.width, plane.height)[::-1]
    corner = [plane.places(spot) if spot is not None else (None, None) for spot in placed]
    sides = [(space[plane.x], space[plane.y]) for space in ordered.values()]
    x, y = place_field(plane.x), place_field(plane.y)
    columns = {
        x: [across.low for across, _ in sides],
        f"{x}_high": [across.high for across, _ in sides],
        y: [up.low for _, up in sides],
        f"{y}_high": [up.high for _, up in sides],
        f"label_{x}": [across for across, _ in corner],
        f"label_{y}": [up for _, up in corner],
    }
    schema = [("label", pa.string()), ("next", pa.bool_()), *((name, pa.float64()) for name in columns)]
    coming_next = [space == coming for space in ordered.values()]
    return pa.table({"label": list(ordered), "next": coming_next, **columns}, schema=pa.schema(schema))


def earlier_table(rounds: list[RoundProgress], axes: Sequence[str] = DEFAULT_AXES) -> pa.Table:
    """One row a trial of earlier rounds: places and validation accuracy."""
    names = [*map(place_field, axes), "validation"]
    nothing = pa.table({name: pa.array([], pa.float32()) for name in names})
    return pa.concat_tables([nothing, *(points_table(progress, axes).select(names) for progress in rounds)])


def repeats_table(
    progress: RoundProgress, repeats: dict[int, np.ndarray], axes: Sequence[str] = DEFAULT_AXES
) -> pa.Table:
    """One row a trial trained again on other seeds: places, mean accuracy, one standard deviation below and above.

    repeats: accuracies (seeds,) by trial
    """
    trials = list(repeats)
    found = [mean_and_deviation(repeats[trial]) for trial in trials]
    columns = {
        **places(progress, trials, axes),
        "mean": [mean for mean, _ in found],
        "low": [max(mean - deviation, 0.0) for mean, deviation in found],
        "high": [min(mean + deviation, 1.0) for mean, deviation in found],
    }
    return pa.table(columns, schema=pa.schema([(name, pa.float64()) for name in columns]))


def pointed_table(progress: RoundProgress, trial: int | None, axes: Sequence[str] = DEFAULT_AXES) -> pa.Table:
    """One row with the places of the trial pointed at; no row for None."""
    return pa.table(places(progress, [] if trial is None else [trial], axes))


def arrow(table: pa.Table) -> bytes:
    """A table as the bytes of an Arrow stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue().to_pybytes()
