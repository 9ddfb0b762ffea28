"""The form in which a teacher sets a lesson: for its link, and for a class.

Its widgets have no callbacks, so it may be drawn inside st.form or without one.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from core.data.datasets import training_count
from core.errors import N_, LessonError
from core.lesson import PAGES, Lesson, budget_from
from core.plan import RoundPlan
from core.rungs import fitting_rungs, usual_rungs
from core.settings import GROUPS, Number, Setting, WholeNumber, settings_in, settings_of
from core.space import AXES, LEAST_AXES, MOST_AXES, LogRange, Scale, SearchSpace
from pages.components.frame.layout import page_titles
from pages.components.frame.number_field import show_faults_of, typed_number
from pages.components.frame.translation import _
from pages.components.round.network_settings import switches_last
from pages.components.round.plan_fields import chooser
from pages.components.round.range_controls import FORMATS as SLIDER_FORMATS

USUAL = ("dataset", "trials", "epochs", "seed")  # groups of settings that nearly every lesson sets
RARE = [group for group in GROUPS if group not in (*USUAL, "give_up")]  # groups that few lessons set


def lesson_form(lesson: Lesson, form: str) -> Lesson:
    """Draw the form, filled in with a lesson, and give the lesson that it now says.

    form: its name; what is entered is kept under it while the tab is open

    Raises LessonError when no round could begin so.
    """
    plan = lesson.plan
    axes = axes_field(plan.space, form)
    chosen = {axis: range_field(axis, plan.space, form) for axis in axes}
    faults: list[LessonError] = []  # of fields that show what is no number of theirs
    settings = setting_fields(plan, USUAL, axes, form, faults)
    with st.expander(_("Sizes of split and networks"), icon=":material/tune:"):
        settings |= setting_fields(plan, RARE, axes, form, faults)
    settings["give_up"] = rungs_field(plan, settings["epochs"], form)
    settings["images"] = min(settings["images"], training_count(settings["dataset"]))
    budget = budget_field(lesson.budget, form, faults)
    pages, hidden = pages_field(lesson.pages, form), hidden_field(lesson.hidden, form)
    if faults:
        raise LessonError(N_("Correct the number that is marked above first."))
    settled = replace(plan, space=SearchSpace(), **settings).searching(axes)
    return Lesson(replace(settled, space=SearchSpace.of(chosen)), budget, pages, hidden)


def setting_fields(
    plan: RoundPlan, groups: Sequence[str], axes: Sequence[str], form: str, faults: list[LessonError]
) -> dict[str, Any]:
    """Fields of all settings of some groups, group after group, and what they show, by name; not of what is searched.

    What a field shows that is refused stands below them and is added to `faults`; it has the plan's value.
    """
    shown, refused = {}, []
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        for group in groups:
            declared = settings_in(type(plan), [group])
            for name in switches_last(declared):
                if declared[name].in_form and declared[name].axis not in axes:
                    shown[name], fault = setting_field(declared[name], getattr(plan, name), f"{form}_{name}")
                    refused += [fault] if fault else []
    show_faults_of(refused)
    faults += refused
    return shown


def setting_field(setting: Setting, value: Any, key: str) -> tuple[Any, LessonError | None]:
    """The field of a setting, filled in with a value: what it shows, or else that value and why it was refused."""
    kind = setting.kind
    if not isinstance(kind, WholeNumber | Number):
        return chooser(setting, value, key, persist_state="session"), None
    typed, fault = typed_number(
        _(setting.label), value, setting.from_typed, key, width=kind.width, help=_(setting.help)
    )  # fmt: skip
    return (value if fault else typed), fault


def rungs_field(plan: RoundPlan, epochs: int, form: str) -> tuple[int, ...]:
    """The rungs of the rounds: none, or the plan's own as far as they fit."""
    early = st.toggle(_("Stop weak trials early"), bool(plan.give_up), key=f"{form}_give_up", persist_state="session")
    if not early:
        return ()
    return fitting_rungs(plan.give_up, plan.epochs, epochs) or usual_rungs(epochs)


def axes_field(space: SearchSpace, form: str) -> tuple[str, ...]:
    """Which hyperparameters the rounds search. Those that were searched come first, as they did."""
    chosen = st.pills(
        _("searched hyperparameters, {least} to {most}").format(least=LEAST_AXES, most=MOST_AXES), list(AXES),
        selection_mode="multi", default=list(space.axes), format_func=lambda axis: _(settings_of(RoundPlan)[axis].name),
        key=f"{form}_axes", wrap=True, persist_state="session",
    )  # fmt: skip
    return (*(axis for axis in space.axes if axis in chosen), *(axis for axis in chosen if axis not in space))


def range_field(axis: str, space: SearchSpace, form: str) -> LogRange:
    """The range of a hyperparameter, on its scale."""
    declared, range_ = AXES[axis], space.ranges().get(axis, AXES[axis].start)
    label = {
        Scale.TEN: _("{axis}: exponents of ten"),
        Scale.TEN_FROM_ONE: _("{axis}: exponents of ten of 1 − value"),
        Scale.TWO: _("{axis}: exponents of two"),
        Scale.PLAIN: "{axis}",
    }[declared.scale]
    low, high = st.slider(
        label.format(axis=_(declared.label)), declared.reach.low, declared.reach.high, (range_.low, range_.high),
        step=declared.step, help=_(declared.help), format=SLIDER_FORMATS[declared.scale], key=f"{form}_{axis}_range",
        persist_state="session",
    )  # fmt: skip
    return declared.within(LogRange(low, high))


def budget_field(budget: int | None, form: str, faults: list[LessonError]) -> int | None:
    """How many epochs a lab may spend; empty for as many as it likes. faults: as in `setting_fields`"""
    given, fault = typed_number(
        _("budget of each student: epochs of all trials of all rounds; empty for no limit"), budget, budget_from,
        f"{form}_budget", placeholder=_("no limit"), width=420,
    )  # fmt: skip
    show_faults_of([fault] if fault else [])
    faults += [fault] if fault else []
    return given


def pages_field(pages: tuple[str, ...], form: str) -> tuple[str, ...]:
    """Which pages are open."""
    called = {name: title for name, (title, _icon) in page_titles().items()}
    chosen = st.pills(
        _("open pages (the rounds, the glossary and About always are)"), PAGES, selection_mode="multi",
        default=list(pages), format_func=called.__getitem__, key=f"{form}_pages", wrap=True, persist_state="session",
    )  # fmt: skip
    return tuple(chosen)


def hidden_field(hidden: tuple[str, ...], form: str) -> tuple[str, ...]:
    """Of which groups of settings students see no controls."""
    chosen = st.pills(
        _("hidden controls (they stay as you set them here)"), list(GROUPS), selection_mode="multi",
        default=list(hidden), format_func=lambda group: _(GROUPS[group]), key=f"{form}_hidden", wrap=True,
        persist_state="session",
    )  # fmt: skip
    return tuple(chosen)


def cost_caption(lesson: Lesson) -> None:
    """What a first round takes of the budget."""
    plan = lesson.plan
    needed = plan.trials * plan.epochs
    sentence = _("A first round of {trials} trials × {epochs} epochs takes {needed} epochs.").format(
        trials=plan.trials, epochs=plan.epochs, needed=needed
    )
    if lesson.budget is not None and needed > lesson.budget:
        st.warning(f"{sentence} {_('The budget is too small for it.')}", icon=":material/info:")
        return
    if lesson.budget is not None:
        sentence += " " + _("The budget holds {rounds} of them.").format(rounds=lesson.budget // needed)
    st.caption(sentence)
