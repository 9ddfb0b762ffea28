"""A lab's trail for somebody who only looks at it: each round with its ranges, its best and the reason, and the choice.

It needs the lab alone, draws no field and no button, and changes nothing; also of a copy from another server.
"""

from html import escape

import numpy as np
import streamlit as st

from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.space import AXES
from pages.components.frame.assets import style
from pages.components.frame.translation import _
from pages.components.round.choosing import describe_choice
from pages.components.round.trail import range_text

STYLE = style(__file__, "read_only_trail.css")


def read_only_trail(lab: Lab, shows_test: bool = True) -> None:
    """Draw the trail. shows_test: whether the accuracy on the test images may be seen"""
    st.html(STYLE + trail_html(lab, shows_test))


def trail_html(lab: Lab, shows_test: bool) -> str:
    """The trail as HTML: a list of the rounds, then the choice and the final test."""
    if not lab.rounds:
        return f'<p class="trail-view">{escape(_("There is no round yet."))}</p>'
    end = "".join(f"<p>{escape(line)}</p>" for line in ending(lab, shows_test))
    return f'<div class="trail-view"><ol>{"".join(_round_html(one) for one in lab.rounds)}</ol>{end}</div>'


def _round_html(round_: LabRound) -> str:
    """A round in two lines: what was searched and found, and why."""
    progress = round_.progress
    plan, ranking = progress.plan, progress.ranking()
    best = f"{progress.last_validation()[ranking[0]]:.2f}" if len(ranking) else "–"
    facts = [
        *(f"{_(AXES[axis].label)} {range_text(round_, axis)}" for axis in plan.space.axes),
        _("{trials} trials, {spent} epochs").format(trials=plan.trials, spent=f"{int(np.sum(progress.epochs_done)):,}"),
        _("seed {seed}").format(seed=plan.seed),
    ]
    if not progress.status.is_final:
        facts.append(_("under way"))
    why = f"<q>{escape(round_.note)}</q>" if round_.note else f"<i>{escape(_('no reason given'))}</i>"
    number = escape(_("Round {number}").format(number=round_.number))
    words = "".join(f"<span>{escape(fact)}</span>" for fact in facts)
    return (
        f'<li><div class="facts"><b>{number}</b><b>{escape(_("best"))} {best}</b>{words}</div>'
        f'<div class="why" dir="auto">{why}</div></li>'
    )


def ending(lab: Lab, shows_test: bool) -> list[str]:
    """What was chosen, and what the final test showed, a sentence each."""
    if lab.chosen is None:
        return [_("No value has been chosen yet.")]
    lines = [describe_choice(lab, lab.chosen)]
    if lab.final is None:
        return lines
    if lab.final.outcome is None or not shows_test:
        return [*lines, _("The test set has been opened.")]
    accuracy = lab.final.accuracy()
    return [
        *lines,
        _("On the test images it reaches {mean:.3f} on average, from {least:.3f} to {most:.3f} over the seeds.").format(
            mean=accuracy.mean(), least=accuracy.min(), most=accuracy.max()
        ),
    ]
