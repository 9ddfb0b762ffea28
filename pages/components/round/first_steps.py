"""How rounds work, before the first one, and one hint after each of the first rounds, as HTML."""

from html import escape

from core.errors import N_
from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.lab.own_guess import latest_search
from core.plan import RoundPlan
from core.space import DEFAULT_AXES
from pages.components.frame.translation import _

HOW = (
    N_(
        "Each round trains {trials} small networks, each with a random learning rate and weight decay from your ranges."
    ),
    N_("Every network becomes a point on the map. Its colour shows its accuracy on the validation data."),
    N_("Look where the good ones are, make the ranges smaller, and start the next round."),
)
ANY_VALUES = N_("Each round trains {trials} small networks, each with random values from your ranges.")
HINTS = (  # of what stands where, shown after the first, second and third round
    ("map", N_("Drag a box around the good trials on the map: it becomes the next ranges.")),
    (
        "strips",
        N_("The strips show one value at a time. No slope in a strip: that value makes little difference here."),
    ),
    ("curves", N_("In the curves below, a training curve far above the validation curve means overfitting.")),
)


def how_it_works_html(plan: RoundPlan) -> str:
    """What a student sees in place of the curves before the first round. plan: of that round"""
    first = HOW[0] if plan.space.axes == DEFAULT_AXES else ANY_VALUES
    lines = "".join(f"<li>{escape(_(line).format(trials=plan.trials))}</li>" for line in (first, *HOW[1:]))
    return f'<ul class="how-it-works">{lines}</ul>'


def hint_html(lab: Lab, round_: LabRound) -> str:
    """The hint that comes after a round while it is the latest one; empty where none does."""
    if round_ is not latest_search(lab) or not round_.progress.status.is_final or round_.number > len(HINTS):
        return ""
    place, sentence = HINTS[round_.number - 1]
    return f'<p class="hint hint-{place}" role="note">{escape(_(sentence))}</p>'
