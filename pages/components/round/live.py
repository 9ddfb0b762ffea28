"""The part of the page that is drawn again while a round runs: progress, Best-5, insights, the map and the curves."""

from collections.abc import Sequence
from html import escape
from typing import Any

import streamlit as st

from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.lab.own_guess import is_guess
from core.progress import Status
from core.space import AXES, SearchSpace
from pages.components.frame.assets import style
from pages.components.frame.faults import save_error
from pages.components.frame.redraw import redraw_page
from pages.components.frame.running_server import server
from pages.components.frame.session import session, viewed_round
from pages.components.frame.theme import is_dark
from pages.components.frame.translation import _, detect_language, language, translate_error
from pages.components.frame.widgets import on_change
from pages.components.refresh.pace import ticking
from pages.components.refresh.waiting import first_points, wait_for_finish
from pages.components.round import curves_chart, map_chart, parallel_chart, tables
from pages.components.round.chart_style import PAPER
from pages.components.round.choosing import pointed_at
from pages.components.round.guess_training import guesses_of, guesses_table
from pages.components.round.live_tables import datasets
from pages.components.round.map_axes import axis_names
from pages.components.round.marks_legend import marks_legend_html
from pages.components.round.round_text import round_html
from pages.components.round.searched_axes import ShownAxes, shown_axes
from pages.components.round.selections import take_selection

MAP_KEY, CURVES_KEY, PARALLEL_KEY = "map_chart", "curves_chart", "parallel_chart"
ABOVE_MAP = 92  # pixels: the bar above the map and the title of the strip beside it

STYLE = style(__file__, "workbench.css") + style(__file__, "map_axes.css")


def live_round(lab: Lab, width: int) -> None:
    """Draw the viewed round, again and again while it runs. width: pixels of the page"""
    running = active_status(lab)
    if running is Status.RUNNING:
        first_points(lab)
    ticking(draw, running, lab, width)
    with st.container(key="workbench_style"):
        bounds = f"--paper: {PAPER[is_dark()]}; --map-end: {ABOVE_MAP + map_chart.TALL_MAP_HEIGHT}px;"
        st.html(f"{STYLE}<style>:root {{{bounds}}}</style>")


def active_status(lab: Lab) -> Status | None:
    """The status of the lab's latest round, viewed or not, while it waits or runs; else None."""
    status = lab.latest.progress.status if lab.latest else None
    return status if status in (Status.WAITING, Status.RUNNING) else None


def draw(lab: Lab, width: int, running: Status | None) -> None:
    """One tick. running: the status that the rest of the page was drawn for"""
    state = session()
    detect_language()
    round_ = viewed_round(lab)
    progress = round_.progress if round_ else None
    if state.redraw or running != active_status(lab):
        state.redraw = False
        redraw_page()
    dark = is_dark()
    marks = marks_legend_html(lab, round_, dark)

    def said() -> str:
        return round_html(lab, round_, marks) + (warnings_html() if running else "")

    line = st.html(said())
    spaces = labelled_ranges(lab, round_)
    guesses = guesses_of(lab, round_)
    shown = shown_axes(spaces.values(), axis_names(lab, round_), state.map_axes, bool(guesses))
    plan = progress.plan if progress else lab.plan
    panels = min(tables.PANELS, plan.trials)
    found = datasets(lab, round_, spaces, map_chart.plane(width, shown), shown.names)
    curves = curves_chart.curves_spec(width, plan.epochs, panels, shown, language(), dark, plan.give_up)
    drawn = map_chart.map_spec(width, shown, language(), dark)
    if guesses:
        found["guesses"] = tables.arrow(guesses_table([one.progress for one in guesses], shown.names))
    draw_chart(
        lab, MAP_KEY, drawn, found, (*map_chart.TABLES, *(["guesses"] if guesses else [])), shown, map_alt(shown)
    )
    if round_ is None:
        return  # there are no curves yet
    draw_chart(
        lab, CURVES_KEY, curves, found, curves_chart.tables_of(width, shown.guesses), shown,
        _("The accuracy curves of the best trials"),
    )  # fmt: skip
    if len(shown.names) >= parallel_chart.FEWEST_AXES:
        draw_parallel(lab, round_, shown, width)
    if running is Status.RUNNING and round_ is not None and round_ is lab.latest:
        wait_for_finish(round_, lambda: line.html(said()))


def draw_chart(
    lab: Lab, key: str, spec: dict[str, Any], found: dict[str, bytes], needed: Sequence[str], shown: ShownAxes, alt: str
) -> None:
    """Draw a chart of the round.

    found: tables by name    needed: names of those it shows    alt: what it shows, in words
    """
    modes = [param["name"] for param in spec["params"] if "select" in param]
    st.vega_lite_chart(
        {**spec, "datasets": {name: found[name] for name in needed}},
        key=key,
        on_select=on_change(key, lambda event: take_selection(lab, key, event.selection, shown)),
        selection_mode=modes,
        alt=alt,
    )


def draw_parallel(lab: Lab, round_: LabRound, shown: ShownAxes, width: int) -> None:
    """All trials as lines across all axes."""
    coming = lab.plan.space
    found = {
        "lines": tables.arrow(parallel_chart.lines_table(round_.progress, shown, coming, pointed_at(round_))),
        "axes": tables.arrow(parallel_chart.axes_table(shown, coming, language())),
    }
    draw_chart(
        lab, PARALLEL_KEY, parallel_chart.parallel_spec(width, shown, language(), is_dark()), found,
        parallel_chart.TABLES, shown, _("Every trial as a line across all hyperparameters to its accuracy"),
    )  # fmt: skip


def map_alt(shown: ShownAxes) -> str:
    """What the map shows, in words."""
    return _("Map of trials by {across} and {up}").format(across=_(AXES[shown.x].label), up=_(AXES[shown.y].label))


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


def warnings_html() -> str:
    """What is amiss while a round runs: nothing trains, nothing is saved; on an idle page `show_faults` says it."""
    troubles = [one for one in (server().engine.notice(), save_error()) if one is not None]
    return "".join(f'<div class="amiss" role="alert">{escape(translate_error(one))}</div>' for one in troubles)
