"""The legend of the map as HTML: a sign and a name for every kind of mark that it may show."""

from collections.abc import Iterator
from html import escape

from core.analysis.insights import BEST
from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.lab.own_guess import is_guess
from pages.components.frame.translation import _, language
from pages.components.refresh.cache import memoize
from pages.components.round.chart_style import BOX, FAINT, HIGHLIGHT, INK, PAPER, PRIMARY, RAMP
from pages.components.round.choosing import pointed_at
from pages.components.round.guess_training import guesses_of
from pages.components.round.round_text import trial_text


def marks_legend_html(lab: Lab, round_: LabRound | None, dark: bool) -> str:
    """The legend of the marks that the map of a round has. dark: whether the theme is dark"""
    trial = pointed_at(round_) if round_ is not None else None
    clicked = "" if round_ is None or trial is None else trial_text(round_.progress, trial)
    return legend_html(tuple(kinds(lab, round_)), clicked, dark, language())


def kinds(lab: Lab, round_: LabRound | None) -> Iterator[str]:
    """The kinds of mark that the map may show, in the order of the legend, without the trial that was clicked."""
    yield "next"
    if round_ is None:
        return
    if sum(not is_guess(one) for one in lab.rounds) > 1 or lab.plan.space != round_.progress.plan.space:
        yield "ranges"
    yield from ("trial", "best")
    if round_.number > 1:
        yield "earlier"
    progress = round_.progress
    if progress.diverged.any():
        yield "diverged"
    if progress.given_up.any():
        yield "given_up"
    if any(number == round_.number for number, _trial in lab.repeats):
        yield "repeats"
    if guesses_of(lab, round_):
        yield "guess"


@memoize(256)
def legend_html(shown: tuple[str, ...], clicked: str, dark: bool, lang: str) -> str:
    """The legend as HTML. shown: kinds    clicked: the trial that was, in words    lang: a key of what is kept"""
    known = marks(dark)
    items = [known[kind] for kind in shown]
    if clicked:  # with its numbers, since a finger has no tooltip that stays
        said = _("clicked: {trial}").format(trial=clicked)
        items.append(("disc", f"border: 2px solid {PRIMARY[dark]}", "", said))
    spans = "".join(
        f'<span><b class="{shape}" style="{style}" aria-hidden="true">{sign}</b>{escape(name)}</span>'
        for shape, style, sign, name in items
    )
    return f'<div class="marks-legend">{spans}</div>'


def marks(dark: bool) -> dict[str, tuple[str, str, str, str]]:
    """Each kind of mark: the class and style of its sign, a letter that stands for it or none, and its name."""
    ink, paper, colour, middle = INK[dark], PAPER[dark], PRIMARY[dark], RAMP[dark][len(RAMP[dark]) // 2]
    ring = f"background: {middle}; box-shadow: 0 0 0 2px {paper}, 0 0 0 4px {ink}; margin: 0 4px"
    return {
        "next": ("box", f"border: 2px solid {colour}; background: {colour}33", "", _("next ranges")),
        "ranges": ("box", f"border: 1px dashed {BOX}", "", _("earlier ranges")),
        "trial": ("disc", f"background: {middle}", "", _("trial")),
        "best": ("disc", ring, "", f"Best-1 … Best-{BEST}"),
        "earlier": ("disc", f"border: 2px solid {FAINT}; transform: scale(.7)", "", _("trial of an earlier round")),
        "diverged": ("", f"color: {RAMP[dark][0]}", "✚", _("diverged")),
        "given_up": ("disc", f"border: 3px solid {middle}", "", _("given up")),
        "repeats": (
            "box", f"border: 2px solid {HIGHLIGHT}", "", _("on other seeds; line: mean ± standard deviation"),
        ),
        "guess": ("", f"color: {HIGHLIGHT}", "◆", _("your guess")),
    }  # fmt: skip
