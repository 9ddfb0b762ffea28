"""Narrow: look where the good hyperparameters lie, draw a box around them, look again."""

import streamlit as st

from core.lab import Lab
from core.progress import Status
from pages.components.controls import controls
from pages.components.layout import page_width
from pages.components.live import live
from pages.components.session import engine, lab, tell_fault, viewed_round
from pages.components.text import _
from pages.components.trail import all_trials, trail


def narrow() -> None:
    """The page."""
    engine()
    mine = lab()
    width = page_width()
    tell_fault()
    st.markdown(f"#### {what_to_do(mine)}")
    controls(mine)
    live(mine, width)
    trail(mine)
    all_trials(viewed_round(mine))


def what_to_do(mine: Lab) -> str:
    """The one sentence that says what comes next."""
    if mine.latest is None:
        return _("Which learning rate and weight decay learn best? Press Start to try random ones.")
    number, status = mine.latest.number, mine.latest.progress.status
    if status is Status.WAITING:
        return _("Round {number} waits for its turn.").format(number=number)
    if status is Status.PAUSED:
        return _("Round {number} is paused. Look around, then resume.").format(number=number)
    if status is Status.RUNNING:
        return _("Round {number} is learning. Watch where on the map the good ones lie.").format(number=number)
    return _("Drag a box around the good ones on the map, then start round {next} in it.").format(next=number + 1)


narrow()
