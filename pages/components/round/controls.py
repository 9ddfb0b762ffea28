"""The controls of the next round: ranges, trials, epochs, and what is rarely needed, folded away.

A control shows a value of the lab's plan; a change of it changes the plan at once.
"""

import streamlit as st

from core.data.idx import DatasetError
from core.lab.lab import Lab
from core.lab.next_step import MainButton, next_step
from core.lab.search import search_of
from core.progress import Status
from core.settings import GROUPS, settings_in, settings_of
from core.space import AXES
from pages.components.frame.number_field import check_nothing_refused, refusals
from pages.components.frame.running_server import server
from pages.components.frame.session import attempt, session, wait_until_saved
from pages.components.frame.translation import _
from pages.components.frame.widgets import lazy_popover, shortcut_help
from pages.components.round.dataset_choice import choose_dataset, offer_download
from pages.components.round.giving_up import give_up_button, rungs
from pages.components.round.network_settings import network_settings
from pages.components.round.plan_fields import plan_field
from pages.components.round.range_controls import range_controls, searched_axes_field
from pages.components.round.round_names import round_names

FOLDED = [group for group in GROUPS if group not in ("trials", "epochs")]  # settings that are folded away

# with Ctrl or Alt: they reach the page while Hangul is typed, and do not disturb a screen reader's single keys; not
# Ctrl+Z, which takes back what is typed in a field
START_KEYS, PAUSE_KEYS, UNDO_KEYS = "Ctrl+Enter", "Alt+P", "Alt+Z"


def controls(lab: Lab, may_start: bool = True) -> None:
    """All controls of the next round, what is set before what starts it: a change and a click may arrive together.

    may_start: whether the teacher lets rounds be started
    """
    session().shown = lab.coming  # before anything of it is drawn
    with st.container(key="controls"):
        range_controls(lab)
        with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", key="counts_row"):
            for count in ("trials", "epochs"):
                if not lab.lesson.hides(count):
                    plan_field(lab, count)
            if not all(lab.lesson.hides(group) for group in FOLDED):
                lazy_popover(_("More settings"), lambda: more_settings(lab), "more_settings", ":material/tune:")
        refusals("plan_trials", "plan_epochs")
        with st.container(horizontal=True, gap="xsmall", key="start_row"):
            start_or_stop(lab, may_start)
            undo_button(lab)
        with st.container(horizontal=True, gap="xsmall", key="suggestions_row"):
            if lab.busy and lab.latest is not None:
                give_up_button(lab.latest)
            else:
                suggested_ranges(lab)
        notes(lab)
        if session().missing_dataset:
            offer_download(lab, session().missing_dataset)


def notes(lab: Lab) -> None:
    """What of the next round is not seen in its fields: the epochs left to the lab, and whether trials are given up."""
    if lab.left is not None:
        with st.container(key="epochs_left", width="content"):
            st.caption(
                _("{left} of {budget} epochs left").format(left=lab.left, budget=lab.lesson.budget),
                help=_("Only rounds count. Comparisons, repeats, replays, the race and the final test are free."),
            )
    if lab.plan.give_up:
        st.caption(_("Give up early: {rungs}").format(rungs=", ".join(map(str, lab.plan.give_up))))


def start_or_stop(lab: Lab, may_start: bool) -> None:
    """The one primary button: Start while nothing runs, else Pause and Stop."""
    latest = lab.latest
    if latest is not None and lab.busy:
        if latest.progress.status is Status.PAUSED:
            st.button(
                _("Resume"), icon=":material/play_arrow:", type="primary", on_click=latest.resume, shortcut=PAUSE_KEYS,
                help=shortcut_help(PAUSE_KEYS),
            )  # fmt: skip
        elif latest.progress.status is Status.RUNNING:
            st.button(
                _("Pause"), icon=":material/pause:", on_click=latest.pause, shortcut=PAUSE_KEYS,
                help=shortcut_help(PAUSE_KEYS),
            )  # fmt: skip
        st.button(_("Stop"), icon=":material/stop:", on_click=latest.stop)
        return
    moved = latest is not None and lab.plan.space != latest.progress.plan.space
    label = _("Start round {number} in these ranges") if moved else _("Start round {number}")
    st.button(
        label.format(number=lab.next_number),
        icon=":material/play_arrow:",
        type="primary" if next_step(lab).button is MainButton.START else "secondary",
        key="start",
        on_click=start,
        args=(lab,),
        disabled=lab.final is not None or not may_start,
        shortcut=START_KEYS,
        help=shortcut_help(START_KEYS),
    )


def suggested_ranges(lab: Lab) -> None:
    """The buttons that set the ranges that follow from the search. They are always there, so that nothing jumps."""
    search = search_of(lab)
    rounds = round_names(search.trials.numbers) if search is not None else ""
    box, suggestion = (search.box, search.suggestion) if search is not None else (None, None)
    for key, ranges, icon, label, help in (
        ("box", box, ":material/select_all:", _("Zoom to the best area"),
         _("The ranges around good trials with good trials near them. From {rounds}.")),
        ("move", suggestion, ":material/move_up:", _("Apply the suggestion"),
         _("Ranges that may hold better values. From {rounds}.")),
    ):  # fmt: skip
        st.button(
            label, icon=icon, disabled=ranges is None, key=key, on_click=attempt, args=(lab.set_ranges, ranges),
            help=help.format(rounds=rounds) if rounds else None,
        )  # fmt: skip


def undo_button(lab: Lab) -> None:
    """Back to the ranges before."""
    st.button(
        _("Undo"), icon=":material/undo:", key="undo", disabled=not lab.undo_stack,
        on_click=lambda: attempt(lab.undo, session().shown), shortcut=UNDO_KEYS, help=shortcut_help(UNDO_KEYS),
    )  # fmt: skip


def start(lab: Lab) -> None:
    """Begin the next round and look at it."""
    state = session()
    state.viewed = None
    attempt(start_shown, lab)
    wait_until_saved(lab)
    state.missing_dataset = lab.plan.dataset if isinstance(state.fault, DatasetError) else ""


def start_shown(lab: Lab) -> None:
    """Begin the round that the page shows. Raises LessonError, also if it is not the lab's next round any more."""
    forget_unused_fields(lab)
    check_nothing_refused()
    lab.start(server().engine, session().shown)


def forget_unused_fields(lab: Lab) -> None:
    """Forget what was refused in fields that are not drawn any more since they change nothing in the next round."""
    refused, plan = session().refused, lab.plan
    for axis in AXES:
        if axis not in plan.space:
            refused.pop(f"{axis}_low", None)
            refused.pop(f"{axis}_high", None)
    if not plan.give_up:
        refused.pop("give_up_rungs", None)
    for name, setting in settings_of(type(plan)).items():
        if not setting.applies(plan) or (setting.group == "give_up" and not plan.give_up):
            refused.pop(f"plan_{name}", None)


def more_settings(lab: Lab) -> None:
    """What a lesson rarely changes."""
    if not lab.lesson.hides("axes"):
        searched_axes_field(lab)
    groups = [group for group in FOLDED if group not in ("axes", "network", "give_up") and not lab.lesson.hides(group)]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        for name in settings_in(type(lab.plan), groups):
            if name == "dataset":
                plan_field(lab, name, lambda chosen: choose_dataset(lab, chosen))
            else:
                plan_field(lab, name)
    if not lab.lesson.hides("network"):
        network_settings(lab)
    refusals(*(f"plan_{name}" for name in settings_in(type(lab.plan), [*groups, "network"])))
    if not lab.lesson.hides("give_up"):
        rungs(lab)
