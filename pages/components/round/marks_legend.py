"""The legend of the map as HTML: a sign and a name for every kind of mark that it may show."""

from collections.abc import Iterator
from html import escape

from core.analysis.insights import BEST
from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.lab.own_guess import is_guess
from pages.components.frame.translation import _
from pages.components.round.chart_style import BOX, FAINT, HIGHLIGHT, INK, PAPER, PRIMARY, RAMP
from pages.components.round.choosing import pointed_at
from pages.components.round.guess_training import guesses_of
from pages.components.round.round_text import trial_text


def marks_legend_html(lab: Lab, round_: LabRound | None, dark: bool) -> str:
    """The legend of the marks that the map of a round has. dark: whether the theme is dark"""
    items = "".join(
        f'<span><b class="{shape}" style="{style}" aria-hidden="true">{sign}</b>{escape(name)}</span>'
        for shape, style, sign, name in marks(lab, round_, dark)
    )
    return f'<div class="marks-legend">{items}</div>'


def marks(lab: Lab, round_: LabRound | None, dark: bool) -> Iterator[tuple[str, str, str, str]]:
    """Each kind of mark: the class and style of its sign, a letter that stands for it or none, and its name."""
    ink, paper, colour, middle = INK[dark], PAPER[dark], PRIMARY[dark], RAMP[dark][len(RAMP[dark]) // 2]
    yield "box", f"border: 2px solid {colour}; background: {colour}33", "", _("next ranges")
    if round_ is None:
        return
    if sum(not is_guess(one) for one in lab.rounds) > 1 or lab.plan.space != round_.progress.plan.space:
        yield "box", f"border: 1px dashed {BOX}", "", _("earlier ranges")
    yield "disc", f"background: {middle}", "", _("trial")
    ring = f"background: {middle}; box-shadow: 0 0 0 2px {paper}, 0 0 0 4px {ink}; margin: 0 4px"
    yield "disc", ring, "", f"Best-1 … Best-{BEST}"
    if round_.number > 1:
        yield "disc", f"border: 2px solid {FAINT}; transform: scale(.7)", "", _("trial of an earlier round")
    progress = round_.progress
    if progress.diverged.any():
        yield "", f"color: {RAMP[dark][0]}", "✚", _("diverged")
    if progress.given_up.any():
        yield "disc", f"border: 3px solid {middle}", "", _("given up")
    if any(number == round_.number for number, _trial in lab.repeats):
        yield "box", f"border: 2px solid {HIGHLIGHT}", "", _("on other seeds; line: mean ± standard deviation")
    if guesses_of(lab, round_):
        yield "", f"color: {HIGHLIGHT}", "◆", _("your guess")
    if (trial := pointed_at(round_)) is not None:  # with its numbers, since a finger has no tooltip that stays
        shown = _("clicked: {trial}").format(trial=trial_text(progress, trial))
        yield "disc", f"border: 2px solid {colour}", "", shown
