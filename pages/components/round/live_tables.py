"""The tables of the live part's charts as Arrow bytes; those that a tick does not change are kept."""

import numpy as np

from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.lab.own_guess import is_guess
from core.progress import RoundProgress
from core.space import SearchSpace
from pages.components.refresh.cache import memoize, memoize_on
from pages.components.round import tables
from pages.components.round.choosing import pointed_at
from pages.components.round.round_text import NO_ROUND, memoize_unfinished

TABLES_OF_A_LAB = 8  # of a kind, kept for all of its tabs


def datasets(
    lab: Lab, round_: LabRound | None, spaces: dict[str, SearchSpace], plane: tables.Plane, axes: tuple[str, ...]
) -> dict[str, bytes]:
    """The tables of both charts by name, as Arrow bytes."""
    progress = round_.progress if round_ else RoundProgress.of(lab.plan)
    earlier_rounds = tuple(
        one.progress for one in lab.rounds if round_ and one.number < round_.number and not is_guess(one)
    )
    return {
        "points": points_bytes(progress, axes),
        "curves": curves_bytes(progress),
        "earlier": earlier_bytes(lab, earlier_rounds, axes),
        "boxes": boxes_bytes(lab, tuple(spaces.items()), lab.plan.space, plane),
        "repeats": repeats_bytes(round_, lab.repeats, axes),
        "pointed": pointed_bytes(round_, axes),
    }


@memoize_unfinished
def points_bytes(progress: RoundProgress, axes: tuple[str, ...]) -> bytes:
    """The table of trials as Arrow bytes; of a round that has ended, with what they were after each epoch."""
    table = tables.replay_table if progress.status.is_final else tables.points_table
    return tables.arrow(table(progress, axes))


@memoize_unfinished
def curves_bytes(progress: RoundProgress) -> bytes:
    """The table of the best trials' curves as Arrow bytes."""
    return tables.arrow(tables.curves_table(progress))


@memoize_on(max_entries=TABLES_OF_A_LAB)
def earlier_bytes(lab: Lab, rounds: tuple[RoundProgress, ...], axes: tuple[str, ...]) -> bytes:
    """The trials of the rounds before the viewed one; for ten rounds it takes 17 ms, three times as long as a tick."""
    return tables.arrow(tables.earlier_table(list(rounds), axes))


@memoize_on(max_entries=TABLES_OF_A_LAB)
def boxes_bytes(
    lab: Lab, spaces: tuple[tuple[str, SearchSpace], ...], coming: SearchSpace, plane: tables.Plane
) -> bytes:
    """The ranges of rounds, by their labels on the map. coming: the next round's    plane: the map"""
    return tables.arrow(tables.boxes_table(dict(spaces), coming, plane))


def pointed_bytes(round_: LabRound | None, axes: tuple[str, ...]) -> bytes:
    """The table of the trial pointed at as Arrow bytes; the same for the many tabs without any."""
    trial = pointed_at(round_) if round_ else None
    if round_ is None or trial is None:
        return nothing_bytes(axes)[0]
    return tables.arrow(tables.pointed_table(round_.progress, trial, axes))


def repeats_bytes(round_: LabRound | None, repeats: dict[tuple[int, int], np.ndarray], axes: tuple[str, ...]) -> bytes:
    """The table of the viewed round's repeats on other seeds as Arrow bytes; the same for rounds without any."""
    found = {trial: accuracy for (number, trial), accuracy in repeats.items() if round_ and number == round_.number}
    if round_ is None or not found:
        return nothing_bytes(axes)[1]
    return tables.arrow(tables.repeats_table(round_.progress, found, axes))


@memoize(64)
def nothing_bytes(axes: tuple[str, ...]) -> tuple[bytes, bytes]:
    """The tables without a trial pointed at, and without repeats."""
    return tables.arrow(tables.pointed_table(NO_ROUND, None, axes)), tables.arrow(
        tables.repeats_table(NO_ROUND, {}, axes)
    )
