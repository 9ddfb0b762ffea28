"""Which two of the searched hyperparameters the map shows, once there are three."""

from collections.abc import Sequence

import streamlit as st

from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.space import AXES
from pages.components.frame.session import session, viewed_round
from pages.components.frame.translation import _
from pages.components.frame.widgets import on_change, widget_key
from pages.components.round.searched_axes import shown_axes

WIDTH = 190  # pixels of a field


def axis_names(lab: Lab, round_: LabRound | None) -> tuple[str, ...]:
    """The axes that the charts of a round show: what the next round searches, and what else this one has searched."""
    searched = lab.plan.space.axes
    others = round_.progress.plan.space.axes if round_ is not None else ()
    return (*searched, *(axis for axis in others if axis not in searched))


def map_axes(lab: Lab) -> None:
    """Two fields that stand where the axes of the map are, for its upward axis and for the other."""
    names = axis_names(lab, viewed_round(lab))
    if len(names) <= 2:
        return
    shown = shown_axes([], names, session().map_axes)
    with st.container(horizontal=True, gap="small", key="map_axes", vertical_alignment="center"):
        choose_axis("y", _("upward axis of the map"), names, shown.x, shown.y)
        choose_axis("x", _("horizontal axis of the map"), names, shown.x, shown.y)


def choose_axis(channel: str, label: str, names: Sequence[str], x: str, y: str) -> None:
    """The field of one axis. What is chosen for both changes places. channel: "x" or "y"    x, y: shown so far"""
    now = x if channel == "x" else y
    key = widget_key(f"map_{channel}", now)

    def take(chosen: str) -> None:
        if channel == "x":
            session().map_axes = (chosen, x if chosen == y else y)
        else:
            session().map_axes = (y if chosen == x else x, chosen)

    arrow = {"x": "→", "y": "↑"}[channel]
    st.selectbox(
        label, names, names.index(now), key=key, on_change=on_change(key, take), width=WIDTH,
        label_visibility="collapsed", format_func=lambda axis: f"{arrow} {_(AXES[axis].label)}",
    )  # fmt: skip
