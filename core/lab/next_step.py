"""What comes next in a lab: one decision, which the line of steps, the headline and the main button all show."""

from dataclasses import dataclass
from enum import StrEnum

from core.analysis.guessing import Direction
from core.classroom.classroom import FinalTestAccess
from core.lab.lab import ROUNDS, Lab
from core.lab.own_guess import is_guess, latest_search
from core.lab.search import Search, search_of
from core.progress import Status

ENOUGH_ROUNDS = 3  # of one search, after which a value is chosen unless the ranges end too early


class Step(StrEnum):
    """The steps of the lesson, in their order."""

    SPLIT = "split"
    RANGE = "range"
    ROUNDS = "rounds"
    CHOOSE = "choose"
    TEST = "test"


class MainButton(StrEnum):
    """The one button that stands out."""

    START = "start"
    RESUME = "resume"
    CHOOSE = "choose"
    TEST = "test"  # leads to the final test, and opens the test set there


class Reason(StrEnum):
    """Why something comes next."""

    FIRST_ROUND = "first round"
    WAITING = "a round waits"
    RUNNING = "a round runs"
    PAUSED = "a round is paused"
    MOVED = "other ranges are set"
    UNLEARNED_HIGHER = "hardly anything has been learned, and higher learning rates are left"
    UNLEARNED_LOWER = "hardly anything has been learned, and lower learning rates are left"
    UNLEARNED_BETWEEN = "hardly anything has been learned, and learning rates in between are left"
    UNLEARNED = "hardly anything has been learned, and no learning rates are left"
    BEYOND_EDGE = "the best trials are at an edge"
    NARROW = "the ranges can be narrowed"
    ALIKE = "the trials of the last round differ by no more than luck"
    ENOUGH = "enough rounds"
    BUDGET_SPENT = "no epochs are left"
    ROUNDS_CLOSED = "the teacher has closed the rounds"
    CLOSED_CHOOSE = "the teacher has closed the rounds and opened the final tests"
    CHOSEN = "a value is chosen"
    TESTS_LOCKED = "a value is chosen and the teacher has locked the final tests"
    NO_TEST = "a value is chosen and the lesson has no final test"
    TESTING = "the test set is open and the value is being trained"
    TESTED = "the final test is over"


_SHOWN: dict[Reason, tuple[Step | None, MainButton | None]] = {
    Reason.FIRST_ROUND: (Step.RANGE, MainButton.START),
    Reason.WAITING: (Step.ROUNDS, None),
    Reason.RUNNING: (Step.ROUNDS, None),
    Reason.PAUSED: (Step.ROUNDS, MainButton.RESUME),
    Reason.MOVED: (Step.ROUNDS, MainButton.START),
    Reason.UNLEARNED_HIGHER: (Step.ROUNDS, MainButton.START),
    Reason.UNLEARNED_LOWER: (Step.ROUNDS, MainButton.START),
    Reason.UNLEARNED_BETWEEN: (Step.ROUNDS, MainButton.START),
    Reason.UNLEARNED: (Step.ROUNDS, MainButton.START),
    Reason.BEYOND_EDGE: (Step.ROUNDS, MainButton.START),
    Reason.NARROW: (Step.ROUNDS, MainButton.START),
    Reason.ALIKE: (Step.CHOOSE, MainButton.CHOOSE),
    Reason.ENOUGH: (Step.CHOOSE, MainButton.CHOOSE),
    Reason.BUDGET_SPENT: (Step.CHOOSE, MainButton.CHOOSE),
    Reason.ROUNDS_CLOSED: (None, None),
    Reason.CLOSED_CHOOSE: (Step.CHOOSE, MainButton.CHOOSE),
    Reason.CHOSEN: (Step.TEST, MainButton.TEST),
    Reason.TESTS_LOCKED: (Step.TEST, None),
    Reason.NO_TEST: (None, None),
    Reason.TESTING: (Step.TEST, None),
    Reason.TESTED: (None, None),
}
_UNDER_WAY = {
    Status.WAITING: Reason.WAITING, Status.RUNNING: Reason.RUNNING, Status.PAUSED: Reason.PAUSED,
}  # fmt: skip
_UNLEARNED = {
    Direction.HIGHER: Reason.UNLEARNED_HIGHER,
    Direction.LOWER: Reason.UNLEARNED_LOWER,
    Direction.BETWEEN: Reason.UNLEARNED_BETWEEN,
}


@dataclass(frozen=True)
class NextStep:
    """What comes next, and why."""

    reason: Reason
    number: int  # of the round that the sentence names: the one under way, else the next one

    @property
    def step(self) -> Step | None:
        """The step of the lesson that it belongs to; None if there is nothing to do."""
        first = self.number == 1 and self.reason in _UNDER_WAY.values()
        return Step.RANGE if first else _SHOWN[self.reason][0]

    @property
    def button(self) -> MainButton | None:
        """The button that does it, if one does."""
        return _SHOWN[self.reason][1]


def next_step(lab: Lab) -> NextStep:
    """What comes next in a lab as it is now, under the locks of its class."""
    latest = lab.latest
    number = latest.number if latest else 0
    if lab.final is not None:
        return NextStep(Reason.TESTED if lab.final.outcome is not None else Reason.TESTING, number + 1)
    status = latest.progress.status if latest else None
    if status in _UNDER_WAY:
        return NextStep(_UNDER_WAY[status], number)
    return NextStep(_reason_to_choose(lab) or _reason_to_search(lab), number + 1)


def _reason_to_choose(lab: Lab) -> Reason | None:
    """What follows from a choice, or from what the lesson or the teacher has closed; None: the search may go on."""
    classroom = lab.classroom if lab.classroom is not None and lab.classroom.ended is None else None
    tests_locked = classroom is not None and classroom.final_tests is FinalTestAccess.LOCKED
    if lab.chosen is not None:
        if not lab.lesson.opens("final_test"):
            return Reason.NO_TEST
        return Reason.TESTS_LOCKED if tests_locked else Reason.CHOSEN
    has_trials = search_of(lab) is not None
    if classroom is not None and not classroom.rounds_open:
        may_choose = has_trials and lab.lesson.opens("final_test") and not tests_locked
        return Reason.CLOSED_CHOOSE if may_choose else Reason.ROUNDS_CLOSED
    if has_trials and (lab.left == 0 or len(lab.rounds) >= ROUNDS):
        return Reason.BUDGET_SPENT if lab.left == 0 else Reason.ENOUGH
    return None


def _reason_to_search(lab: Lab) -> Reason:
    """Where the search goes on, or that it should end."""
    search = search_of(lab)
    latest = latest_search(lab)
    if search is None or latest is None:
        return Reason.FIRST_ROUND
    if lab.plan.space != latest.progress.plan.space:
        return Reason.MOVED
    if search.unlearned is not None:
        if search.suggestion is None:
            return Reason.UNLEARNED
        return _UNLEARNED.get(search.unlearned.direction, Reason.UNLEARNED)
    return _reason_of(lab, search)


def _reason_of(lab: Lab, search: Search) -> Reason:
    if search.suggestion is not None:
        return Reason.BEYOND_EDGE
    if search.flat:
        return Reason.ALIKE
    rounds = [one for one in lab.rounds if one.number in search.trials.numbers and not is_guess(one)]
    return Reason.ENOUGH if len(rounds) >= ENOUGH_ROUNDS else Reason.NARROW
