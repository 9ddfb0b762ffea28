"""Choosing one value, by a click on the map or in the table or by typing."""

import streamlit as st

from core.lab.choice import Choice
from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.lab.next_step import MainButton, next_step
from core.lab.search import proposed_trial
from core.progress import RoundProgress
from core.space import AXES
from core.typed_numbers import MAX_LENGTH
from pages.components.frame.session import attempt, session, viewed_round, wait_until_saved
from pages.components.frame.translation import _, error_markdown
from pages.components.frame.widgets import on_change, widget_key
from pages.components.round.guess_training import guesses, train_button
from pages.components.round.repeats_on_seeds import repeats
from pages.components.round.trial_words import values_in_words, values_of_trial
from pages.components.round.typed_values import typed_choice

FIELD_WIDTH, NARROW_WIDTH = 170, 128  # pixels of a field: of two, of more


def choosing(lab: Lab) -> None:
    """The box for choosing one value, once the viewed round has ended."""
    round_ = viewed_round(lab)
    if round_ is None or not round_.progress.status.is_final or not len(round_.progress.ranking()):
        return
    with st.container(border=True, key="choosing"):
        st.markdown(f"##### {_('Choose one value')}")
        if lab.final is not None:
            st.write(_("The test set has been opened, so this lab is closed for tuning."))
            final_test_link(lab, _("See the final test"))
            return
        show_choice(lab)
        value_fields(lab, round_)
        guesses(lab, round_)
        repeats(lab, round_, shown_trial(lab, round_))


def show_choice(lab: Lab) -> None:
    """The choice made so far, or how to make one."""
    if lab.chosen is None:
        st.caption(_("Click a trial on the map, a panel or a row of the table, or type values."))
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.success(describe_choice(lab, lab.chosen), icon=":material/check_circle:")
        final_test_link(lab, _("Go to the final test"))


def final_test_link(lab: Lab, label: str) -> None:
    """A link to the final test if the lesson has one."""
    if not lab.lesson.opens("final_test"):
        return
    if next_step(lab).button is not MainButton.TEST:
        st.page_link("final_test.py", label=label, icon=":material/flag:")
    elif st.button(label, type="primary", icon=":material/flag:", key="to_final_test"):
        st.switch_page("final_test.py")


def describe_choice(lab: Lab, choice: Choice) -> str:
    """A choice as a sentence, with the validation accuracy of the trial that it was taken from."""
    value = _("Chosen: {values}").format(values=values_in_words(choice.values))
    round_ = lab.round(choice.number) if choice.number is not None else None
    if round_ is None or choice.trial is None:
        return value
    return value + _(" (round {number}, validation accuracy {accuracy:.2f})").format(
        number=round_.number, accuracy=float(round_.progress.last_validation()[choice.trial])
    )


def value_fields(lab: Lab, round_: LabRound) -> None:
    """A field for every value, filled from the trial pointed at or as typed, and buttons that choose or train them."""
    state = session()
    pointed = pointed_at(round_) is not None
    round_, trial = shown_trial(lab, round_)
    progress = round_.progress
    shown_values = {axis: AXES[axis].in_text(one) for axis, one in values_of_trial(progress, trial).items()}
    if state.draft is not None and set(state.draft) == set(shown_values):
        shown_values = state.draft
    keys = {axis: widget_key(f"choice_{axis}", text) for axis, text in shown_values.items()}

    def typed(value: str) -> None:
        state.draft = {axis: st.session_state.get(keys[axis], text) for axis, text in shown_values.items()}
        state.unlikely, state.choice_fault = None, None

    def choose() -> None:
        attempt(choose_shown, lab, round_, trial)
        state.choice_fault, state.fault = state.fault, None  # shown beside the fields, not at the top

    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        for axis, text in shown_values.items():
            st.text_input(
                _(AXES[axis].label), text, key=keys[axis], max_chars=MAX_LENGTH,
                on_change=on_change(keys[axis], typed), width=FIELD_WIDTH if len(keys) == 2 else NARROW_WIDTH,
            )  # fmt: skip
        st.button(
            _("Choose this value"), icon=":material/check_circle:", on_click=choose, key="choose",
            type="primary" if next_step(lab).button is MainButton.CHOOSE else "secondary",
        )  # fmt: skip
        train_button(lab, lambda: typed_choice(lab, round_, trial), round_.number)
        rank = int((progress.ranking() == trial).argmax()) + 1
        if state.draft is None:
            shown = _("Best-{rank} of round {number}").format(rank=rank, number=round_.number)
            shown += given_up_suffix(progress, trial)
            if proposed_trial(lab) == (round_.number, trial) and not pointed:
                shown = _("Suggested: {trial}. Its mean with the trials near it is the highest.").format(trial=shown)
            st.caption(shown)
    if state.choice_fault is not None:
        st.warning(error_markdown(state.choice_fault), icon=":material/info:")
    if state.unlikely is not None:
        st.warning(
            _("No round has tried values there, so nothing is known about this one yet. Choose it anyway?"),
            icon=":material/help:",
        )
        st.button(
            _("Choose it anyway"), on_click=attempt, args=(choose_confirmed, lab, state.unlikely),
            key="choose_unlikely",
        )  # fmt: skip


def pointed_at(round_: LabRound) -> int | None:
    """The trial of a round that was clicked; None if none was."""
    number, trial = session().pointed or (0, 0)
    return trial if number == round_.number and trial < round_.progress.plan.trials else None


def shown_trial(lab: Lab, round_: LabRound) -> tuple[LabRound, int]:
    """The trial of a round that was clicked, else the one that the whole search proposes, with its round."""
    trial, proposed = pointed_at(round_), proposed_trial(lab)
    of = lab.round(proposed[0]) if trial is None and proposed is not None else None
    if of is not None and proposed is not None:
        return of, proposed[1]
    return round_, int(round_.progress.ranking()[0]) if trial is None else trial


def given_up_suffix(progress: RoundProgress, trial: int) -> str:
    """After which epoch a trial was given up, to be appended to its name; empty if it was not."""
    if not progress.given_up[trial]:
        return ""
    return _(", given up after epoch {epoch}").format(epoch=int(progress.epochs_done[trial]))


def point_at(round_: LabRound, trial: int) -> None:
    """Remember a trial that was clicked."""
    state = session()
    state.pointed, state.draft, state.unlikely, state.choice_fault = (round_.number, trial), None, None, None


def choose_shown(lab: Lab, round_: LabRound, trial: int) -> None:
    """Choose what the fields show; a value outside the ranges of all rounds waits to be confirmed.

    Raises LessonError for a value that cannot be chosen.
    """
    state = session()
    choice = typed_choice(lab, round_, trial)
    state.unlikely = None
    lab.check(choice)
    if lab.was_searched(choice):
        lab.choose(choice)
        wait_until_saved(lab)
    else:
        state.unlikely = choice


def choose_confirmed(lab: Lab, choice: Choice) -> None:
    """Choose the value that waited to be confirmed, unless others have been typed since the page was drawn."""
    state = session()
    if state.unlikely == choice:
        state.unlikely = None
        lab.choose(choice)
        wait_until_saved(lab)
