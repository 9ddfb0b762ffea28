"""Narrow: rounds of random trials, each in ranges narrowed by what the rounds before have shown."""

import streamlit as st

from pages.components.classroom.teacher_locks import TeacherLocks, watch_locks
from pages.components.frame.faults import show_faults
from pages.components.frame.layout import header, next_page_link, page_width
from pages.components.frame.next_step_text import headline
from pages.components.frame.session import lab, viewed_round
from pages.components.round.choosing import choosing
from pages.components.round.controls import controls
from pages.components.round.downloads import export_box
from pages.components.round.epoch_replay import view_bar
from pages.components.round.giving_up import savings
from pages.components.round.live import live_round
from pages.components.round.map_axes import map_axes
from pages.components.round.trail import all_trials, trail


def narrow() -> None:
    """The page."""
    mine = lab()
    width = page_width()
    locks = TeacherLocks.of(mine)
    header(mine, headline(mine))
    if not mine.busy:  # what is under way goes on to its end
        watch_locks(mine, locks)
    show_faults()
    with st.container(key="workbench"):  # page.css places its parts beside each other or below
        controls(mine, may_start=locks.rounds is None)
        view_bar(mine)
        map_axes(mine)
        live_round(mine, width)
    savings(mine)
    choosing(mine)
    trail(mine)
    all_trials(mine, viewed_round(mine))
    export_box(mine)
    next_page_link("narrow")


if __name__ == "__main__":
    narrow()
