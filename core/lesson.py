"""What a teacher sets for a lesson: how a lab begins, what it may spend, which pages and controls it has.

A lesson is kept as JSON here; core/lesson_text.py writes it into a link.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.errors import N_, LessonError
from core.plan import RoundPlan
from core.settings import GROUPS, plain_word, settings_in
from core.typed_numbers import whole_number_from

ALWAYS_OPEN = ("narrow", "glossary", "about")
PAGES = ("validation", "strategies", "bayesian", "race", "importance", "knobs", "final_test")  # which may be closed
BUDGET = (1, 1_000_000)  # epochs over all trials of all rounds


class LessonPlanError(LessonError):
    """A lesson with a value that no lesson may have."""


@dataclass(frozen=True)
class Lesson:
    """A lesson. By default everything is open, nothing is hidden, and there is no budget."""

    plan: RoundPlan = RoundPlan()  # of a lab's first round
    budget: int | None = None  # epochs that all rounds of a lab may spend together
    pages: tuple[str, ...] = PAGES  # those of PAGES that are open
    hidden: tuple[str, ...] = ()  # those of GROUPS whose controls are not shown

    def __post_init__(self) -> None:
        if not isinstance(self.plan, RoundPlan) or self.plan.values is not None or not self.plan.shuffle:
            raise LessonPlanError(N_("A lesson begins with a plan whose trials are drawn from its ranges."))
        if self.budget is not None and (type(self.budget) is not int or not BUDGET[0] <= self.budget <= BUDGET[1]):
            raise _no_budget()
        object.__setattr__(self, "pages", _known_names(self.pages, PAGES, ALWAYS_OPEN, _unknown_page))
        object.__setattr__(self, "hidden", _known_names(self.hidden, tuple(GROUPS), (), _unknown_control))

    def opens(self, page: str) -> bool:
        """Whether a page is open in this lesson; one that cannot be closed always is."""
        return page not in PAGES or page in self.pages

    def hides(self, group: str) -> bool:
        """Whether the controls of a group of settings are not shown in this lesson."""
        return group in self.hidden

    def sets(self) -> set[str]:
        """The settings of a round that no control shows, so that they stay as the lesson sets them."""
        return set(settings_in(type(self.plan), self.hidden))

    def to_json(self) -> str:
        """The lesson as JSON."""
        return json.dumps(
            {
                "plan": json.loads(self.plan.to_json()),
                "budget": self.budget,
                "pages": self.pages,
                "hidden": self.hidden,
            }
        )

    @classmethod
    def from_json(cls, text: str) -> "Lesson":
        """The lesson that `to_json` wrote. Anything else raises LessonError."""
        try:
            record = json.loads(text)
            plan = RoundPlan.from_json(json.dumps(record.pop("plan")))
            pages, hidden = _tuple_of(record.pop("pages")), _tuple_of(record.pop("hidden"))
            return cls(plan=plan, budget=record.pop("budget"), pages=pages, hidden=hidden, **record)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            if isinstance(error, LessonError):
                raise
            raise LessonPlanError(N_("This is not a lesson.")) from error


def _tuple_of(given: Any) -> tuple[str, ...]:
    """A list of JSON; anything else raises TypeError."""
    if not isinstance(given, list):
        raise TypeError(given)
    return tuple(given)


def _known_names(
    names: tuple[str, ...],
    known: tuple[str, ...],
    ignored: tuple[str, ...],
    unknown: Callable[[object], LessonPlanError],
) -> tuple[str, ...]:
    """Names once each and in the order in which they are known, those `ignored` left out. Raises what `unknown` gives.

    So lessons are equal when they are the same.
    """
    if not isinstance(names, tuple):
        raise unknown(names)
    for name in names:
        if name not in (*known, *ignored):
            raise unknown(name)
    return tuple(name for name in known if name in names)


def budget_from(text: str) -> int | None:
    """The budget that somebody typed; None for an empty text. Raises LessonPlanError."""
    low, high = BUDGET
    return whole_number_from(text, lambda given: low <= given <= high, _no_budget()) if text.strip() else None


def _no_budget() -> LessonPlanError:
    low, high = BUDGET
    return LessonPlanError(
        N_("A lesson's budget is a whole number of epochs from {low} to {high}."), low=low, high=high
    )


def _unknown_page(name: object) -> LessonPlanError:
    return LessonPlanError(
        N_("No page called {name} can be opened or closed; choose from {choices}."),
        name=plain_word(name),
        choices=", ".join(PAGES),
    )


def _unknown_control(name: object) -> LessonPlanError:
    return LessonPlanError(
        N_("No control called {name} can be hidden; choose from {choices}."),
        name=plain_word(name),
        choices=", ".join(GROUPS),
    )


DEFAULT_LESSON = Lesson()
