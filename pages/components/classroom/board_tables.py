"""The tables that the class board's charts draw, made from a board's arrays.

points    # one row a trial on the map              ranges   # one row a student's ranges
lines     # one row a round of a student            budget   # the epochs that all are compared at
curves    # one row an epoch of a Best-20 trial     finals   # one row a student's final test
"""

from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa

from core.classroom.leaderboard import NEVER, Board
from core.space import AXES, DEFAULT_AXES, plain, value
from pages.components.round.searched_axes import ShownAxes, place_field, shown_axes
from pages.components.round.trial_words import further_axes

LABELLED = 5  # students whose lines are labelled
LABEL_HEIGHT = 0.17  # of a label, on the axis of accuracies
CURVE_POINTS = 30  # epochs drawn of a curve at most
DECADES = (10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000)
AXIS_ENDS = [lead * scale for scale in DECADES for lead in (1, 2, 5)]  # where an axis of epochs may end
Names = dict[int, str]  # shown names by seat; a student without one gets ""


def points_table(board: Board, names: Names) -> pa.Table:
    """One row a trial of the map's sample: who, places on its axes, accuracy, diverged, rank among the best or 0."""
    sample = board.map_sample
    x, y = axes = map_axes(board)
    found = places(board, axes)[sample].astype(np.float32)
    rank = np.zeros(len(board.validation), np.int8)
    rank[board.best] = np.arange(1, len(board.best) + 1)
    return pa.table(
        {
            "who": pa.array([names.get(int(seat), "") for seat in board.seat[sample]], pa.string()).dictionary_encode(),
            place_field(x): found[:, 0],
            place_field(y): found[:, 1],
            "validation": board.validation[sample].astype(np.float32),
            "diverged": board.diverged[sample],
            "rank": rank[sample],
        }
    )


def map_axes(board: Board) -> tuple[str, str]:
    """The axes of the map: the first two that most of the students search now."""
    pairs = Counter(history.space.axes[:2] for history in board.histories if history.space is not None)
    x, y = pairs.most_common(1)[0][0] if pairs else DEFAULT_AXES
    return x, y


def places(board: Board, axes: tuple[str, str]) -> np.ndarray:
    """The places of all trials on two axes, (n, 2)."""
    if axes == DEFAULT_AXES:
        return np.column_stack([board.lr, board.wd])
    rounds = (one for history in board.histories for one in history.rounds)
    return np.concatenate([np.zeros((0, 2)), *(one.progress.places(axes)[one.trial] for one in rounds)])


def ranges_table(board: Board, names: Names) -> pa.Table:
    """One row a student who searches both axes of the map: who, and the latest ranges there, large ones first."""
    x, y = map_axes(board)
    spaces = {
        seat: space
        for seat, history in zip(board.seats, board.histories, strict=True)
        if (space := history.space) and x in space and y in space
    }
    order = sorted(spaces, key=lambda seat: -spaces[seat][x].width * spaces[seat][y].width)
    columns = {}
    for axis in (x, y):
        columns[place_field(axis)] = [spaces[seat][axis].low for seat in order]
        columns[f"{place_field(axis)}_high"] = [spaces[seat][axis].high for seat in order]
    who = pa.array([names.get(int(seat), "") for seat in order], pa.string())
    return pa.table({"who": who} | {name: pa.array(column, pa.float64()) for name, column in columns.items()})


def lines_table(board: Board, names: Names) -> pa.Table:
    """One row a round of a student: seat, who, epochs spent and best accuracy by then, whether it is the last round.

    The lines of the LABELLED best students have a place from 1, and at their last round a label and its height.
    """
    ends = {int(seat): float(one.best[-1]) for seat, one in zip(board.seats, board.histories, strict=True)}
    leaders = sorted((seat for seat in ends if ends[seat] > NEVER), key=lambda seat: -ends[seat])[:LABELLED]
    heights = dict(zip(leaders, label_heights([ends[seat] for seat in leaders]), strict=True))
    rows = []
    for seat, history in zip(board.seats.tolist(), board.histories, strict=True):
        who, place = names.get(seat, ""), str(leaders.index(seat) + 1) if seat in heights else ""
        for spent, best in zip(history.spent, history.best, strict=True):
            last = spent == history.spent[-1]
            label = f"{best:.2f}  {who}".rstrip() if last and place else ""
            if best > NEVER:
                rows.append((seat, who, int(spent), float(best), last, place, label, heights.get(seat)))
    types = {
        "seat": pa.int16(), "who": pa.string(), "spent": pa.int32(), "best": pa.float32(), "last": pa.bool_(),
        "place": pa.string(), "label": pa.string(), "label_height": pa.float32(),
    }  # fmt: skip
    columns = list(zip(*rows, strict=True)) or [()] * len(types)
    return pa.table({name: pa.array(column, kind) for (name, kind), column in zip(types.items(), columns, strict=True)})


def label_heights(ends: list[float]) -> list[float]:
    """Where the labels of lines stand on the axis of accuracies so that none covers another. ends: falling"""
    found: list[float] = []
    for end in ends:
        found.append(min(end, found[-1] - LABEL_HEIGHT) if found else end)
    lift = max(0.0, -found[-1]) if found else 0.0
    return [height + lift for height in found]


def budget_table(budget: int, label: str) -> pa.Table:
    """One row: the epochs at which all are compared, and the label; no row for 0."""
    rows = [budget] if budget else []
    return pa.table({"budget": pa.array(rows, pa.int32()), "label": pa.array([label] * len(rows), pa.string())})


def curves_table(board: Board, names: Names) -> pa.Table:
    """One row an epoch of each of the best trials: rank, epoch, first, validation, training, two lines of heading."""
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
        heads += [f"{rank}:  {who}" if who else f"{rank}", *[""] * (len(shown) - 1)]  # once a trial
        line = f"{board.validation[place]:.2f}   lr {rate}  wd {decay}"
        for axis in further_axes(progress):
            line += f"  {AXES[axis].short} {AXES[axis].written(progress.hyperparameters[axis][trial])}"
        lines += [line, *[""] * (len(shown) - 1)]
    types = [pa.int8(), pa.int16(), pa.bool_(), pa.float32(), pa.float32()]
    numbers = {name: pa.array(columns[name], kind) for name, kind in zip(columns, types, strict=True)}
    words = {name: pa.array(column, pa.string()) for name, column in (("head", heads), ("values", lines))}
    return pa.table(numbers | words)


def finals_table(board: Board, names: Names) -> pa.Table:
    """One row a student whose value was chosen by a trial: who, the trial's validation accuracy, test accuracy."""
    chosen = [one for one in board.finals if one.selection_accuracy is not None]
    return pa.table(
        {
            "who": pa.array([names.get(one.seat, "") for one in chosen], pa.string()),
            "validation": pa.array([one.selection_accuracy for one in chosen], pa.float64()),
            "test": pa.array([one.test_accuracy for one in chosen], pa.float64()),
        }
    )


def map_shown(board: Board) -> ShownAxes:
    """The axes of the map, which hold all rounds' ranges and the default ranges."""
    axes = map_axes(board)
    return shown_axes((one.progress.plan.space for history in board.histories for one in history.rounds), axes, axes)


def epoch_axis_end(board: Board) -> int:
    """The end of the axis of epochs: 1, 2 or 5 times a power of ten, so that it seldom changes."""
    most = max((history.total for history in board.histories), default=0)
    return next(end for end in AXIS_ENDS if end >= most)
