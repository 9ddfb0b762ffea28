"""The five steps of the lesson, which of them are done, and which one comes next."""

from html import escape

import streamlit as st

from core.lab.lab import Lab
from core.lab.next_step import Step, next_step
from pages.components.frame.session import session
from pages.components.frame.translation import _

PAGES = {
    Step.SPLIT: "validation",
    Step.RANGE: "narrow",
    Step.ROUNDS: "narrow",
    Step.CHOOSE: "narrow",
    Step.TEST: "final_test",
}


def steps(lab: Lab) -> None:
    """The steps as one slim line; those whose page the lesson does not open are left out."""
    done, now = done_steps(lab, session().seen_split), next_step(lab).step
    names = {
        Step.SPLIT: _("split"), Step.RANGE: _("range"), Step.ROUNDS: _("rounds"), Step.CHOOSE: _("choose"),
        Step.TEST: _("test"),
    }  # fmt: skip
    there = [step for step in Step if lab.lesson.opens(PAGES[step])]
    items = "".join(
        f'<li class="{"now" if step is now else "done" if step in done else "later"}"'
        f"{' aria-current=step' if step is now else ''}>"
        f"{'✓' if step in done and step is not now else place} {escape(names[step])}</li>"
        for place, step in enumerate(there, start=1)
    )
    st.html(f'<ol class="steps" aria-label="{escape(_("steps of the lesson"))}">{items}</ol>')


def done_steps(lab: Lab, seen_split: bool) -> set[Step]:
    """Which steps are done: the page on validation seen, a first round, one in other ranges, a choice, the test."""
    spaces = [round_.progress.plan.space for round_ in lab.rounds]
    are_done = {
        Step.SPLIT: seen_split,
        Step.RANGE: bool(spaces),
        Step.ROUNDS: len(set(spaces)) > 1,
        Step.CHOOSE: lab.chosen is not None,
        Step.TEST: lab.final is not None and lab.final.outcome is not None,
    }
    return {step for step, is_done in are_done.items() if is_done}
