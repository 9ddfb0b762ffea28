"""A round's numbers as tables for the charts.

    points   # one row a trial of the viewed round         earlier  # one row a trial of the rounds before it
    curves   # one row an epoch of a Best-20 trial         boxes    # one row a round's ranges
    repeats  # one row a trial trained on other seeds      pointed  # the trial pointed at, if any

The browser gets each table as Arrow bytes under its name.
"""

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from core.analysis.statistics import mean_and_deviation
from core.progress import RoundProgress
from core.space import SearchSpace, exponent
from pages.components.round.box_labels import Box, place_labels
from pages.components.round.chart_style import Domain

LATEST_EPOCH = 1000  # stands for the latest in a replay; more than any round has
REPLAY_ROWS = 2400  # of a replay's table: of a larger round it has fewer epochs
PANELS = 20  # Best-1 ... Best-20
CURVE_POINTS = 60  # epochs drawn of a curve; of longer ones every second, third, ... from the last


class Plane(NamedTuple):
    """The map: its size in pixels and the exponents at its ends."""

    width: float
    height: float
    lr: Domain
    wd: Domain

    def box(self, space: SearchSpace) -> Box:
        """Where ranges are drawn, in pixels."""
        rate, decay = space.learning_rate, space.weight_decay
        wide, high = self.width / (self.lr.high - self.lr.low), self.height / (self.wd.high - self.wd.low)
        lefts = [wide * (end - self.lr.low) for end in (rate.low, rate.high)]
        bottoms = [high * (end - self.wd.low) for end in (decay.low, decay.high)]
        return Box(lefts[0], bottoms[0], lefts[1], bottoms[1])

    def exponents(self, spot: Box) -> tuple[float, float]:
        """Those of the lower left corner of a box in pixels."""
        lr = self.lr.low + spot.left * (self.lr.high - self.lr.low) / self.width
        wd = self.wd.low + spot.bottom * (self.wd.high - self.wd.low) / self.height
        return lr, wd


def points_table(progress: RoundProgress, planned: bool = False) -> pa.Table:
    """One row a trial with an accuracy, best first: its number, rank from 1, values, accuracies, epochs, how it ended.

    lr and wd are the exponents of learning_rate and weight_decay
    planned: append the trials that have not been trained yet, with accuracies that are nan
    """
    ranking = progress.ranking()
    if planned:
        ranking = np.concatenate([ranking, np.flatnonzero(progress.epochs_done == 0)])
    learning_rate, weight_decay = progress.learning_rate[ranking], progress.weight_decay[ranking]
    numbers = {
        "lr": exponent(learning_rate),
        "wd": exponent(weight_decay),
        "learning_rate": learning_rate,
        "weight_decay": weight_decay,
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


def replay_table(progress: RoundProgress) -> pa.Table:
    """The rows of points_table as they were after some epochs of a round that has ended.

    Each holds from the epoch `since` until before the epoch `until` of the replay.
    """
    epochs = drawn_epochs(progress.plan.epochs, min(CURVE_POINTS, max(REPLAY_ROWS // progress.plan.trials, 2))) + 1
    return pa.concat_tables(
        during(points_table(after(progress, epoch)), since, until)
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
    """One row a labelled box on the map: label, the exponents of its sides and of its label, and whether it comes next.

    coming: the ranges of the next round    plane: the map that they are drawn on
    """
    # last the newest box, which lies on the others; its label has the first choice of a place
    ordered = dict(sorted(spaces.items(), key=lambda named: named[1] == coming))
    boxes = [plane.box(space) for space in ordered.values()]
    placed = place_labels([*ordered][::-1], boxes[::-1], plane.width, plane.height)[::-1]
    corner = [plane.exponents(spot) if spot is not None else (None, None) for spot in placed]
    sides = [(space.learning_rate, space.weight_decay) for space in ordered.values()]
    columns = {
        "lr": [rate.low for rate, _ in sides],
        "lr_high": [rate.high for rate, _ in sides],
        "wd": [decay.low for _, decay in sides],
        "wd_high": [decay.high for _, decay in sides],
        "label_lr": [lr for lr, _ in corner],
        "label_wd": [wd for _, wd in corner],
    }
    schema = [("label", pa.string()), ("next", pa.bool_()), *((name, pa.float64()) for name in columns)]
    coming_next = [space == coming for space in ordered.values()]
    return pa.table({"label": list(ordered), "next": coming_next, **columns}, schema=pa.schema(schema))


def earlier_table(rounds: list[RoundProgress]) -> pa.Table:
    """One row a trial of earlier rounds: exponents and validation accuracy."""
    names = ["lr", "wd", "validation"]
    nothing = pa.table({name: pa.array([], pa.float32()) for name in names})
    return pa.concat_tables([nothing, *(points_table(progress).select(names) for progress in rounds)])


def repeats_table(progress: RoundProgress, repeats: dict[int, np.ndarray]) -> pa.Table:
    """One row a trial trained again on other seeds: exponents, mean accuracy, one standard deviation below and above.

    repeats: accuracies (seeds,) by trial
    """
    trials = list(repeats)
    found = [mean_and_deviation(repeats[trial]) for trial in trials]
    columns = {
        "lr": exponent(progress.learning_rate[trials]),
        "wd": exponent(progress.weight_decay[trials]),
        "mean": [mean for mean, _ in found],
        "low": [max(mean - deviation, 0.0) for mean, deviation in found],
        "high": [min(mean + deviation, 1.0) for mean, deviation in found],
    }
    return pa.table(columns, schema=pa.schema([(name, pa.float64()) for name in columns]))


def pointed_table(progress: RoundProgress, trial: int | None) -> pa.Table:
    """One row with the exponents of the trial pointed at; no row for None."""
    trials = [] if trial is None else [trial]
    return pa.table({"lr": exponent(progress.learning_rate[trials]), "wd": exponent(progress.weight_decay[trials])})


def arrow(table: pa.Table) -> bytes:
    """A table as the bytes of an Arrow stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue().to_pybytes()
