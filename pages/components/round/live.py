"""The part of the page that is drawn again while a round runs: progress, Best-5, insights, the map and the curves."""

from collections.abc import Sequence
from html import escape
from typing import Any

import streamlit as st

from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.progress import Status
from core.space import AXES
from pages.components.frame.assets import style
from pages.components.frame.faults import save_error
from pages.components.frame.redraw import redraw_page
from pages.components.frame.running_server import server
from pages.components.frame.session import session, viewed_round
from pages.components.frame.theme import is_dark
from pages.components.frame.translation import _, detect_language, language, translate_error
from pages.components.frame.widgets import on_change
from pages.components.refresh.pace import ticking
from pages.components.refresh.resending import charts_kept
from pages.components.refresh.waiting import first_points, go_on, wait_for_finish
from pages.components.round import curves_chart, map_chart, parallel_chart, tables
from pages.components.round.chart_style import PAPER
from pages.components.round.live_tables import datasets, has_lines, shown_now, trained_tables
from pages.components.round.marks_legend import marks_legend_html
from pages.components.round.round_text import round_html
from pages.components.round.searched_axes import ShownAxes
from pages.components.round.selections import take_selection

MAP_KEY, CURVES_KEY, PARALLEL_KEY = "map_chart", "curves_chart", "parallel_chart"
ABOVE_MAP = 92  # pixels: the bar above the map and the title of the strip beside it

STYLE = style(__file__, "workbench.css") + style(__file__, "map_axes.css")


def live_round(lab: Lab, width: int) -> None:
    """Draw the viewed round, again and again while it runs. width: pixels of the page"""
    running = active_status(lab)
    if running is Status.RUNNING:
        first_points(lab)
    ticking(draw, running, lab, width, goes_on=True)
    with st.container(key="workbench_style"):
        bounds = f"--paper: {PAPER[is_dark()]}; --map-end: {ABOVE_MAP + map_chart.TALL_MAP_HEIGHT}px;"
        st.html(f"{STYLE}<style>:root {{{bounds}}}</style>")


def active_status(lab: Lab) -> Status | None:
    """The status of the lab's latest round, viewed or not, while it waits or runs; else None."""
    status = lab.latest.progress.status if lab.latest else None
    return status if status in (Status.WAITING, Status.RUNNING) else None


def draw(lab: Lab, width: int, running: Status | None) -> None:
    """One tick, or those of a run. running: the status that the rest of the page was drawn for"""
    state = session()
    detect_language()
    round_ = viewed_round(lab)
    if state.redraw or running != active_status(lab):
        state.redraw = False
        redraw_page()
    dark = is_dark()

    def said() -> str:
        return round_html(lab, round_, marks_legend_html(lab, round_, dark)) + (warnings_html() if running else "")

    line = st.html(said())
    coming, shown = lab.coming, shown_now(lab, round_)
    with charts_kept() as charts:
        draw_charts(lab, round_, shown, width, dark)
    latest = lab.latest
    if running is None or latest is None:
        return

    def again() -> None:
        if lab.coming != coming or server().labs.has_moved(lab.token):
            redraw_page()  # something was done in another tab, or the lab is another server's now
        line.html(said())
        if round_ is latest or shown.guesses:
            charts.send_again(trained_tables(lab, round_, shown))

    go_on(latest, lambda: running != active_status(lab), again)
    if running is Status.RUNNING:
        wait_for_finish(latest, lambda: line.html(said()))  # whichever is viewed


def draw_charts(lab: Lab, round_: LabRound | None, shown: ShownAxes, width: int, dark: bool) -> None:
    """Draw the map and, once there is a round, its curves."""
    found = datasets(lab, round_, shown, width)
    map_tables = (*map_chart.TABLES, *(["guesses"] if shown.guesses else []))
    draw_chart(
        lab, MAP_KEY, map_chart.map_spec(width, shown, language(), dark), found, map_tables, shown, map_alt(shown)
    )
    if round_ is None:
        return  # there are no curves yet
    plan = round_.progress.plan
    curves = curves_chart.curves_spec(
        width, plan.epochs, min(tables.PANELS, plan.trials), shown, language(), dark, plan.give_up
    )
    draw_chart(
        lab, CURVES_KEY, curves, found, curves_chart.tables_of(width, shown.guesses), shown,
        _("The accuracy curves of the best trials"),
    )  # fmt: skip
    if has_lines(shown):
        draw_chart(
            lab, PARALLEL_KEY, parallel_chart.parallel_spec(width, shown, language(), dark), found,
            parallel_chart.TABLES, shown, _("Every trial as a line across all hyperparameters to its accuracy"),
        )  # fmt: skip


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


def map_alt(shown: ShownAxes) -> str:
    """What the map shows, in words."""
    return _("Map of trials by {across} and {up}").format(across=_(AXES[shown.x].label), up=_(AXES[shown.y].label))


def warnings_html() -> str:
    """What is amiss while a round runs: nothing trains, nothing is saved; on an idle page `show_faults` says it."""
    troubles = [one for one in (server().engine.notice(), save_error()) if one is not None]
    return "".join(f'<div class="amiss" role="alert">{escape(translate_error(one))}</div>' for one in troubles)
