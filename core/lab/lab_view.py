"""What a lab shows to somebody who may look and cannot change anything: copies of what there is at a moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from core.lab.choice import Choice
from core.lab.lab import Lab
from core.plan import RoundPlan
from core.progress import RoundProgress


@dataclass(frozen=True)
class RoundView:
    """A round, over or not."""

    number: int
    progress: RoundProgress
    note: str


@dataclass(frozen=True, eq=False)
class FinalTestView:
    """An opened test set with its results, once they are there."""

    opened: float  # seconds since 1970
    plan: RoundPlan  # of the chosen value
    validation: np.ndarray | None  # (seeds,) accuracies
    test: np.ndarray | None  # (seeds,)


@dataclass(frozen=True, eq=False)
class LabView:
    """A lab at a moment; it holds neither the lab nor its token."""

    pseudonym: str
    class_title: str  # "" outside a class
    rounds: tuple[RoundView, ...]
    chosen: Choice | None
    repeats: Mapping[tuple[int, int], np.ndarray]  # (number, trial): accuracies (seeds,)
    test: FinalTestView | None

    @classmethod
    def of(cls, lab: Lab) -> "LabView":
        """What a lab shows now."""
        with lab.lock:
            rounds = tuple(RoundView(one.number, one.progress, one.note) for one in lab.rounds)
            chosen, repeats, final, classroom = lab.chosen, lab.repeats, lab.final, lab.classroom
        test = None
        if final is not None:
            outcome = final.outcome
            accuracies = (outcome.validation, final.accuracy()) if outcome is not None else (None, None)
            test = FinalTestView(final.opened, final.plan, *accuracies)
        title = classroom.title if classroom is not None else ""
        return cls(lab.pseudonym, title, rounds, chosen, MappingProxyType(dict(repeats)), test)
