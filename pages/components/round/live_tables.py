"""What the live part's charts show, and their tables as Arrow bytes; those that a tick does not change are kept."""

import numpy as np

from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.lab.own_guess import is_guess
from core.progress import RoundProgress
from core.space import SearchSpace
from pages.components.frame.session import session
from pages.components.frame.translation import _, language
from pages.components.refresh.cache import memoize, memoize_on
from pages.components.round import map_chart, parallel_chart, tables
from pages.components.round.choosing import pointed_at
from pages.components.round.guess_training import guesses_of, guesses_table
from pages.components.round.map_axes import axis_names
from pages.components.round.round_text import NO_ROUND, memoize_unfinished
from pages.components.round.searched_axes import ShownAxes, shown_axes

TABLES_OF_A_LAB = 8  # of a kind, kept for all of its tabs


def shown_now(lab: Lab, round_: LabRound | None) -> ShownAxes:
    """What the charts show of a round."""
    spaces, guesses = labelled_ranges(lab, round_), guesses_of(lab, round_)
    return shown_axes(spaces.values(), axis_names(lab, round_), session().map_axes, bool(guesses))


def has_lines(shown: ShownAxes) -> bool:
    """Whether the trials are also shown as lines across all axes."""
    return len(shown.names) >= parallel_chart.FEWEST_AXES


def datasets(lab: Lab, round_: LabRound | None, shown: ShownAxes, width: int) -> dict[str, bytes]:
    """The tables of all charts by name. width: pixels of the page"""
    spaces, plane, axes = labelled_ranges(lab, round_), map_chart.plane(width, shown), shown.names
    earlier_rounds = tuple(
        one.progress for one in lab.rounds if round_ and one.number < round_.number and not is_guess(one)
    )
    return {
        "earlier": earlier_bytes(lab, earlier_rounds, axes),
        "boxes": boxes_bytes(lab, tuple(spaces.items()), lab.plan.space, plane),
        "repeats": repeats_bytes(round_, lab.repeats, axes),
        "pointed": pointed_bytes(round_, axes),
        **trained_tables(lab, round_, shown),
    }


def trained_tables(lab: Lab, round_: LabRound | None, shown: ShownAxes) -> dict[str, bytes]:
    """Those of them that change while something is trained."""
    progress, axes = round_.progress if round_ else RoundProgress.of(lab.plan), shown.names
    found = {"points": points_bytes(progress, axes), "curves": curves_bytes(progress)}
    if shown.guesses:
        found["guesses"] = tables.arrow(guesses_table([one.progress for one in guesses_of(lab, round_)], axes))
    if round_ is not None and has_lines(shown):
        lines = parallel_chart.lines_table(progress, shown, lab.plan.space, pointed_at(round_))
        found["lines"] = tables.arrow(lines)
        found["axes"] = tables.arrow(parallel_chart.axes_table(shown, lab.plan.space, language()))
    return found


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


def labelled_ranges(lab: Lab, round_: LabRound | None) -> dict[str, SearchSpace]:
    """Label and ranges of the rounds up to the viewed one, and of the next round where they differ."""
    numbers: dict[SearchSpace, list[int]] = {}  # rounds in the same ranges share a label
    for earlier in lab.rounds:
        if round_ and earlier.number <= round_.number and not is_guess(earlier):
            numbers.setdefault(earlier.progress.plan.space, []).append(earlier.number)
    shown = {_("round {number}").format(number=round_numbers(found)): space for space, found in numbers.items()}
    if lab.plan.space not in shown.values():
        shown[_("next round")] = lab.plan.space
    return shown


def round_numbers(numbers: list[int]) -> str:
    """Numbers of rounds, short enough for a label: 2 / 1, 2, 3 / 1, …, 7."""
    return ", ".join(map(str, numbers if len(numbers) <= 3 else [numbers[0], "…", numbers[-1]]))
