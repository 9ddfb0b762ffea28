"""Who races against whom, and by which rules: the student's own rounds, random search, a grid and a Bayesian search.

Everybody looks in the ranges that the student began with, and may spend as many epochs as the student did. A batch
trains on the seed of the round in which the student was after as many epochs, so that all meet the same splits into
training and validation images at the same point of the race; in a repeat every seed is replaced by another. A batch
begins from the same BATCH sets of initial weights as any other on its seed: the three searches are equals in that
luck, and a student's larger rounds have a little more of it.
"""

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from core.again import seeds
from core.engine.local import RoundHandle
from core.errors import LessonError
from core.plan import CLASSES, RoundPlan
from core.progress import RoundProgress, Status
from core.strategies import Values, at_random, grid
from core.surrogate import alike, observations, propose

MOST = 200  # trials a contestant: however long a lab is, its race costs no more than three rounds of this size
BATCH = 5  # trials trained at once, and asked of the model at once
RACE = 6  # what a seed is spent on, beside training.py's and again.py's purposes
YOU = "you"
RANDOM, GRID, BAYES = CONTESTANTS = ("random", "grid", "bayes")


@dataclass(frozen=True, eq=False)
class Line:
    """What somebody has found, a row a trial in the order in which they count as over."""

    spent: np.ndarray  # (trials,) epochs spent until then
    accuracy: np.ndarray  # (trials,) validation accuracy; chance where it diverged, nan where it was given up
    values: np.ndarray  # (trials, 2) learning rate and weight decay

    @classmethod
    def of(cls, rounds: Sequence[RoundProgress], budget: int) -> "Line":
        """The trials of some rounds, each round's in the order of their indices, as far as a budget of epochs goes."""
        done, accuracy, values = [np.zeros(0, int)], [np.zeros(0)], [np.zeros((0, 2))]
        for one in rounds:
            done.append(one.epochs_done)
            told = np.where(one.diverged, 1 / CLASSES, one.last_validation())
            accuracy.append(np.where(one.epochs_done == one.plan.epochs, told, np.nan))
            values.append(np.column_stack([one.learning_rate, one.weight_decay]))
        spent = np.cumsum(np.concatenate(done))
        paid = spent <= budget
        return cls(spent[paid], np.concatenate(accuracy)[paid], np.concatenate(values)[paid])

    @property
    def best(self) -> np.ndarray:
        """Best accuracy so far (trials,), nan before there is one."""
        return np.asarray(np.fmax.accumulate(self.accuracy))

    @property
    def final(self) -> float:
        """The best of all; nan if there is none."""
        return float(self.best[-1]) if len(self.best) else math.nan

    @property
    def winner(self) -> tuple[float, float] | None:
        """Learning rate and weight decay of the best trial, the first of equals; None if there is none."""
        if np.isnan(self.accuracy).all():
            return None
        rate, decay = self.values[np.nanargmax(self.accuracy)]
        return float(rate), float(decay)

    def at(self, spent: np.ndarray) -> np.ndarray:
        """Best accuracy so far when so many epochs are spent, nan before the first trial is over; the same shape."""
        return np.concatenate([[np.nan], self.best])[np.searchsorted(self.spent, spent, side="right")]


def mean_line(lines: Sequence[Line], spent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation (n - 1) over two or more lines when so many epochs are spent: (spent,) each."""
    best = np.stack([line.at(spent) for line in lines])
    return best.mean(axis=0), best.std(axis=0, ddof=1)


@dataclass(frozen=True)
class Entry:
    """What a student brings to a race, and what follows from it for the others."""

    rounds: tuple[RoundProgress, ...]  # that can be compared with each other, in order

    @classmethod
    def of(cls, rounds: Sequence[RoundProgress]) -> "Entry | None":
        """The rounds with the settings of the last one that is over; None before a trial was trained to its end."""
        entry = cls(tuple(alike(list(rounds))))
        return entry if entry.rounds and entry.line.winner is not None else None

    @property
    def plan(self) -> RoundPlan:
        """The first round's; its ranges are where the race takes place."""
        return self.rounds[0].plan.to_the_end()

    @property
    def spent(self) -> int:
        """Epochs that the student has spent."""
        return sum(int(one.epochs_done.sum()) for one in self.rounds)

    @property
    def budget(self) -> int:
        """Epochs that everybody may spend."""
        return min(self.spent, MOST * self.plan.epochs)

    @property
    def trials(self) -> int:
        """How many networks the budget pays for."""
        return self.budget // self.plan.epochs

    @property
    def side(self) -> int:
        """Of the largest square grid that it pays for."""
        return math.isqrt(self.trials)

    @cached_property
    def line(self) -> Line:
        """The student's own."""
        return Line.of(self.rounds, self.budget)

    def outside(self) -> int:
        """How many of the student's trials lie outside the ranges of the race."""
        return sum(not self.plan.space.holds(float(rate), float(decay)) for rate, decay in self.line.values)

    def seed(self, spent: int, run: int) -> int:
        """What a batch trains on that begins when so many epochs are spent. run: 0 for the race, then its repeats"""
        ends = np.cumsum([int(one.epochs_done.sum()) for one in self.rounds])
        own = self.rounds[int(np.searchsorted(ends, spent, side="right"))].plan.seed
        return own if run == 0 else seeds(own, RACE)[run - 1]


@dataclass(eq=False)
class Contestant:
    """One who races against the student: what has been trained, and what is to be trained next."""

    name: str
    entry: Entry
    run: int
    batches: tuple[RoundHandle, ...] = ()  # the last one may be in training
    complete: bool = False  # whether all was trained that may be
    fault: LessonError | None = None  # why it gave up, if it did

    @property
    def goal(self) -> int:
        """Epochs it will have spent in the end."""
        return self.entry.plan.epochs * (self.entry.side**2 if self.name == GRID else self.entry.trials)

    @property
    def spent(self) -> int:
        """Epochs spent, those of the batch in training included."""
        return sum(int(one.progress.epochs_done.sum()) for one in self.batches)

    @property
    def rounds(self) -> list[RoundProgress]:
        """The batches that came to their end."""
        return [one.progress for one in self.batches if one.progress.status is Status.FINISHED]

    @property
    def line(self) -> Line:
        return Line.of(self.rounds, self.entry.budget)

    @cached_property
    def course(self) -> Values:
        """Trials in their order, as far as nothing is learned from them."""
        spent_on = np.random.SeedSequence(self.entry.seed(0, self.run), spawn_key=(RACE, CONTESTANTS.index(self.name)))
        rng = np.random.default_rng(spent_on)
        if self.name != GRID:
            return at_random(self.entry.plan.space, MOST, rng)
        points = grid(self.entry.plan.space, self.entry.side)
        return tuple(points[place] for place in rng.permutation(len(points)))

    def ask(self, asking: AbstractContextManager[object]) -> RoundPlan | None:
        """The next batch; None when all is trained. asking: held while the model is asked"""
        rounds, plan = self.rounds, self.entry.plan
        tried = sum(one.plan.trials for one in rounds)
        spent = sum(int(one.epochs_done.sum()) for one in rounds)
        batch = self.course[tried : tried + min(BATCH, (self.entry.budget - spent) // plan.epochs)]
        if not batch:
            return None
        data = observations(rounds) if self.name == BAYES else None  # None while there are too few for a model, too
        if data is not None:
            with asking:
                batch = propose(data, plan.space, len(batch)).values()
        return replace(plan, values=batch, trials=len(batch), seed=self.entry.seed(spent, self.run))
