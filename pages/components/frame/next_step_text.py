"""The headline of the pages about rounds: what comes next, as a sentence."""

from core.errors import N_
from core.lab.lab import Lab
from core.lab.next_step import Reason, next_step
from core.lab.seed_repeats import SEEDS
from core.space import DEFAULT_AXES
from pages.components.frame.translation import _

HEADLINES = {
    Reason.FIRST_ROUND: N_(
        "Which learning rate and weight decay learn best? Press Start to try {trials} random pairs."
    ),
    Reason.WAITING: N_("Round {number} waits for its turn."),
    Reason.RUNNING: N_("Round {number} is learning. Watch where the good trials appear."),
    Reason.PAUSED: N_("Round {number} is paused. Look around, then resume."),
    Reason.MOVED: N_("The next ranges are set. Start round {number} in them."),
    Reason.UNLEARNED_HIGHER: N_(
        "So far hardly any trial has learned. Try higher learning rates: apply the suggestion, then start round "
        "{number}."
    ),
    Reason.UNLEARNED_LOWER: N_(
        "So far hardly any trial has learned. Try lower learning rates: apply the suggestion, then start round "
        "{number}."
    ),
    Reason.UNLEARNED_BETWEEN: N_(
        "So far hardly any trial has learned. Try learning rates in between: apply the suggestion, then start round "
        "{number}."
    ),
    Reason.UNLEARNED: N_("So far hardly any trial has learned. Set more epochs, then start round {number}."),
    Reason.BEYOND_EDGE: N_(
        "The best trials are near the edge of your range. Apply the suggestion to look beyond it, then start round "
        "{number}."
    ),
    Reason.NARROW: N_(
        "Drag a box around the good trials on the map, or zoom to the best area. Then start round {number}."
    ),
    Reason.ALIKE: N_("Inside these ranges all trials are about equally good. Choose one value."),
    Reason.ENOUGH: N_("Your rounds have narrowed it down. Choose one value."),
    Reason.BUDGET_SPENT: N_("All epochs of this lesson are spent. Choose one value from what you have seen."),
    Reason.ROUNDS_CLOSED: N_("Your teacher has closed the rounds. Look at what you have."),
    Reason.CLOSED_CHOOSE: N_("Your teacher has closed the rounds. Choose one value; the final tests are open."),
    Reason.CHOSEN: N_("You have chosen a value. The final test will show how good it is."),
    Reason.TESTS_LOCKED: N_("You have chosen a value. Your teacher keeps the final tests locked for now."),
    Reason.NO_TEST: N_("You have chosen a value. This lesson ends here."),
    Reason.TESTING: N_("The test set is open. Your value is being trained on {seeds} seeds."),
    Reason.TESTED: N_("The test set has been opened: this lab is closed for tuning. Look around, or begin a new lab."),
}


def headline(lab: Lab) -> str:
    """What comes next in a lab."""
    coming = next_step(lab)
    if coming.reason is Reason.FIRST_ROUND and lab.plan.space.axes != DEFAULT_AXES:
        return _("Which values learn best? Press Start to try {trials} at random.").format(trials=lab.plan.trials)
    return _(HEADLINES[coming.reason]).format(number=coming.number, trials=lab.plan.trials, seeds=SEEDS)
