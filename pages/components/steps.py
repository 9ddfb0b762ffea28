"""The thread of the lesson: five steps, which of them are done, and which one comes next."""

from html import escape
from itertools import compress

import streamlit as st

from core.lab import Lab
from pages.components.session import session
from pages.components.text import _

PAGES = ("validation", "narrow", "narrow", "narrow", "final_test")  # where each step is gone


def steps(lab: Lab) -> None:
    """The steps as one slim line; those whose page the lesson does not open are left out."""
    done = done_steps(lab, session().seen_split)
    names = [_("split"), _("range"), _("rounds"), _("choose"), _("test")]
    there = [lab.preset.opens(page) for page in PAGES]
    done, names = list(compress(done, there)), list(compress(names, there))
    past = max((place for place, step_done in enumerate(done) if step_done), default=-1)
    now = past + 1  # a step that was left out is not what comes next
    marks = ["done" if step_done else "now" if place == now else "later" for place, step_done in enumerate(done)]
    items = "".join(
        f'<li class="{mark}"{" aria-current=step" if mark == "now" else ""}>{"✓" if mark == "done" else place} '
        f"{escape(name)}</li>"
        for place, (name, mark) in enumerate(zip(names, marks, strict=True), start=1)
    )
    st.html(f'<ol class="steps" aria-label="{escape(_("steps of the lesson"))}">{items}</ol>')


def done_steps(lab: Lab, seen_split: bool) -> list[bool]:
    """Which steps are done: the page on validation seen, a first round, one in other ranges, a choice, the test."""
    spaces = [round_.progress.plan.space for round_ in lab.rounds]
    tested = lab.final is not None and lab.final.outcome is not None
    return [seen_split, bool(spaces), len(set(spaces)) > 1, lab.chosen is not None, tested]
