"""Narrow: look where the good hyperparameters lie, draw a box around them, look again."""

from core.hints import moved
from core.lab import Lab
from core.progress import Status
from pages.components.choosing import choosing
from pages.components.closed import Closed, wait_for_teacher
from pages.components.controls import controls
from pages.components.giving_up import what_it_cost
from pages.components.journal import take_along
from pages.components.layout import header, onward, page_width
from pages.components.live import live
from pages.components.session import engine, lab, tell_fault, viewed_round
from pages.components.text import _
from pages.components.trail import all_trials, trail


def narrow() -> None:
    """The page."""
    engine()
    mine = lab()
    width = page_width()
    closed = Closed.of(mine)
    header(mine, what_to_do(mine, closed))
    wait_for_teacher(mine, closed, closed.rounds)
    tell_fault()
    controls(mine, may_start=closed.rounds is None)
    live(mine, width)
    what_it_cost(mine)
    choosing(mine)
    trail(mine)
    all_trials(mine, viewed_round(mine))
    take_along(mine)
    onward("narrow")


def what_to_do(mine: Lab, closed: Closed) -> str:
    """The one sentence that says what comes next."""
    if mine.final is not None:
        return _("The test set has been opened: this lab is closed for tuning. Look around, or begin a new lab.")
    if closed.rounds is not None and not mine.busy:
        return closed.rounds
    if mine.left == 0 and not mine.busy:
        return _("All epochs of this lesson are spent. Choose one value from what you have seen.")
    if mine.latest is None:
        return _("Which learning rate and weight decay learn best? Press Start to try random ones.")
    number, status = mine.latest.number, mine.latest.progress.status
    if status is Status.WAITING:
        return _("Round {number} waits for its turn.").format(number=number)
    if status is Status.PAUSED:
        return _("Round {number} is paused. Look around, then resume.").format(number=number)
    if status is Status.RUNNING:
        return _("Round {number} is learning. Watch where on the map the good ones lie.").format(number=number)
    if mine.latest.progress.diverged.all():
        return _("All trials diverged. Move the learning rate down, then start round {next}.").format(next=number + 1)
    if moved(mine.latest.progress) is not None:
        return _("The good ones crowd at an edge. Look beyond it, then start round {next}.").format(next=number + 1)
    return _("Drag a box around the good ones on the map, then start round {next} in it.").format(next=number + 1)


if __name__ == "__main__":
    narrow()
