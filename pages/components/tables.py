"""A round's numbers as tables for the charts.

    points   # one row a trial of the round in view        earlier  # one row a trial of the rounds before it
    curves   # one row an epoch of a Best-20 trial         boxes    # one row a round's ranges

A table goes to the browser as Arrow bytes under its name.
"""

import math

import numpy as np
import pyarrow as pa

from core.again import spread
from core.progress import RoundProgress
from core.space import SearchSpace, exponent

PANELS = 20  # Best-1 ... Best-20
CURVE_POINTS = 60  # of an epoch axis; longer curves are thinned out


def points_table(progress: RoundProgress, planned: bool = False) -> pa.Table:
    """One row a trial with a score: trial, exponents lr and wd, the values, accuracies, rank from 1, epochs, fate.

    planned: the other trials too, behind them, with accuracies that are nan
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
            "epochs": progress.epochs_done[ranking].astype(np.int16),
            "given_up": progress.given_up[ranking],
            "diverged": progress.diverged[ranking],
        }
    )


def curves_table(progress: RoundProgress) -> pa.Table:
    """One row an epoch of each of the Best-20: rank, trial, epoch from 1, validation, training, last, given_up.

    `given_up` is the epoch after which the trial was, 0 if it was not.
    A panel without a trial yet has one row with trial -1 and no accuracy, so that it stands there from the start.
    """
    best = progress.ranking()[:PANELS]
    panels = min(PANELS, progress.plan.trials)
    epochs = progress.plan.epochs
    step = math.ceil(epochs / CURVE_POINTS)
    shown = np.arange(epochs)[::-step][::-1] if step > 1 else np.arange(epochs)
    latest = progress.epochs_done[best] - 1
    reached = np.searchsorted(shown, latest, side="left") + 1
    rank = np.repeat(np.arange(1, len(best) + 1), reached)
    trial = np.repeat(best, reached)
    place = np.concatenate([np.arange(count) for count in reached]) if len(best) else np.arange(0)
    epoch = np.minimum(shown[place], np.repeat(latest, reached))  # a curve ends where the trial does
    empty = np.arange(len(best) + 1, panels + 1)
    gap = np.full(len(empty), np.nan, np.float32)
    last = progress.last_validation().astype(np.float32)
    ended = np.where(progress.given_up, progress.epochs_done, 0)
    return pa.table(
        {  # small types: this table is most of what a tick sends
            "rank": np.concatenate([rank, empty]).astype(np.int8),
            "trial": np.concatenate([trial, np.full(len(empty), -1)]).astype(np.int16),
            "epoch": np.concatenate([epoch + 1, np.ones(len(empty), int)]).astype(np.int16),
            "first": np.concatenate([place == 0, np.ones(len(empty), bool)]),
            "validation": np.concatenate([progress.validation_accuracy[trial, epoch], gap]),
            "training": np.concatenate([progress.train_accuracy[trial, epoch], gap]),
            "last": np.concatenate([last[trial], gap]),
            "given_up": np.concatenate([ended[trial], np.zeros(len(empty), int)]).astype(np.int16),
        }
    )


def boxes_table(spaces: dict[str, SearchSpace]) -> pa.Table:
    """One row a labelled box on the map: label and the exponents of its sides."""
    sides = [(space.learning_rate, space.weight_decay) for space in spaces.values()]
    return pa.table(
        {
            "label": list(spaces),
            "lr": [rate.low for rate, _ in sides],
            "lr_high": [rate.high for rate, _ in sides],
            "wd": [decay.low for _, decay in sides],
            "wd_high": [decay.high for _, decay in sides],
        },
        schema=pa.schema(
            [("label", pa.string())] + [(side, pa.float64()) for side in ("lr", "lr_high", "wd", "wd_high")]
        ),
    )


def earlier_table(rounds: list[RoundProgress]) -> pa.Table:
    """One row a trial of earlier rounds: exponents and validation accuracy."""
    names = ["lr", "wd", "validation"]
    nothing = pa.table({name: pa.array([], pa.float32()) for name in names})
    return pa.concat_tables([nothing, *(points_table(progress).select(names) for progress in rounds)])


def repeats_table(progress: RoundProgress, repeats: dict[int, np.ndarray]) -> pa.Table:
    """One row a trial trained again on other seeds: exponents, mean accuracy, and one standard deviation either side.

    repeats: trial: accuracies (seeds,)
    """
    trials = list(repeats)
    found = [spread(repeats[trial]) for trial in trials]
    columns = {
        "lr": exponent(progress.learning_rate[trials]),
        "wd": exponent(progress.weight_decay[trials]),
        "mean": [mean for mean, _ in found],
        "low": [max(mean - deviation, 0.0) for mean, deviation in found],
        "high": [min(mean + deviation, 1.0) for mean, deviation in found],
    }
    return pa.table(columns, schema=pa.schema([(name, pa.float64()) for name in columns]))


def pointed_table(progress: RoundProgress, trial: int | None) -> pa.Table:
    """One row with the exponents of the trial pointed at; none when there is none."""
    trials = [] if trial is None else [trial]
    return pa.table({"lr": exponent(progress.learning_rate[trials]), "wd": exponent(progress.weight_decay[trials])})


def arrow(table: pa.Table) -> bytes:
    """A table as the bytes of an Arrow stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue().to_pybytes()
