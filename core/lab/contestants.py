"""The contestants of a race and its rules: the student's own rounds, random search, a grid and a Bayesian search.

All search in the same ranges, those that the student began with or those of all the student's rounds, and may spend as
many epochs as the student did. A batch trains on the seed of the round in which the student was after as many epochs,
so that all have the same split into training and validation images at the same point of the race. In a repeat every
seed is replaced by another. A batch starts from the same BATCH sets of initial weights as any other on its seed: the
three searches have equal luck in that, a student with larger rounds a little more.
"""

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from core.analysis.bayesian_search import propose
from core.analysis.comparable_rounds import bounding_space, comparable_rounds
from core.analysis.observations import observations
from core.analysis.sampling import Values, at_random, grid, side_of
from core.analysis.statistics import GUESSING_ACCURACY
from core.engine.port import RoundHandle
from core.errors import LessonError
from core.lab.seed_repeats import seeds
from core.plan import RoundPlan
from core.progress import RoundProgress, Status
from core.space import AXES, DEFAULT_AXES, SearchSpace
from core.training.random_streams import SeedPurpose, generator

MAX_NETWORKS = 200  # trials a contestant: so a race costs no more than three rounds of this size, however long a lab is
BATCH = 5  # trials trained at once, and proposed by the model at once
STUDENT = "you"
RANDOM, GRID, BAYES = CONTESTANTS = ("random", "grid", "bayes")


@dataclass(frozen=True, eq=False)
class Trajectory:
    """What one contestant has found: a row a trial, in the order in which they count as trained."""

    spent: np.ndarray  # (trials,) epochs spent until then
    accuracy: np.ndarray  # (trials,) validation accuracy; chance where it diverged, nan where it was given up
    values: np.ndarray  # (trials, axes) of what is searched, in the order of the space
    axes: tuple[str, ...] = DEFAULT_AXES

    @classmethod
    def of(cls, rounds: Sequence[RoundProgress], budget: int) -> "Trajectory":
        """The trials of some rounds, each round's in the order of their indices, as far as a budget of epochs goes."""
        axes = rounds[-1].plan.space.axes if rounds else DEFAULT_AXES
        done, accuracy, values = [np.zeros(0, int)], [np.zeros(0)], [np.zeros((0, len(axes)))]
        for one in rounds:
            done.append(one.epochs_done)
            accuracies = np.where(one.diverged, GUESSING_ACCURACY, one.last_validation())
            accuracy.append(np.where(one.epochs_done == one.plan.epochs, accuracies, np.nan))
            values.append(np.column_stack([one.hyperparameters[axis] for axis in axes]))
        spent = np.cumsum(np.concatenate(done))
        within = spent <= budget
        return cls(spent[within], np.concatenate(accuracy)[within], np.concatenate(values)[within], axes)

    @property
    def best(self) -> np.ndarray:
        """Best accuracy so far (trials,), nan before there is one."""
        return np.asarray(np.fmax.accumulate(self.accuracy))

    @property
    def final(self) -> float:
        """The best of all; nan if there is none."""
        return float(self.best[-1]) if len(self.best) else math.nan

    @property
    def winner(self) -> tuple[float, ...] | None:
        """The values of the best trial, the first of equals; None if there is none."""
        if np.isnan(self.accuracy).all():
            return None
        best = self.values[np.nanargmax(self.accuracy)].tolist()
        return tuple(int(one) if AXES[axis].is_whole else one for axis, one in zip(self.axes, best, strict=True))

    def at(self, spent: np.ndarray) -> np.ndarray:
        """Best accuracy so far when so many epochs are spent, nan before the first trial is over; the same shape."""
        return np.concatenate([[np.nan], self.best])[np.searchsorted(self.spent, spent, side="right")]


def mean_trajectory(trajectories: Sequence[Trajectory], spent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation (n - 1) over two or more when so many epochs are spent: (spent,) each."""
    best = np.stack([trajectory.at(spent) for trajectory in trajectories])
    return best.mean(axis=0), best.std(axis=0, ddof=1)


@dataclass(frozen=True)
class RaceSetup:
    """The student's rounds in a race, and the ranges, budget and seeds that follow from them for all."""

    rounds: tuple[RoundProgress, ...]  # that can be compared with each other, in order
    all_ranges: bool = False  # whether it takes place in the ranges of all rounds, not in those of the first alone

    @classmethod
    def of(cls, rounds: Sequence[RoundProgress], all_ranges: bool = False) -> "RaceSetup | None":
        """The rounds with the settings of the last one that is over; None before a trial was trained to its end."""
        setup = cls(tuple(comparable_rounds(list(rounds))), all_ranges)
        return setup if setup.rounds and setup.trajectory.winner is not None else None

    @property
    def plan(self) -> RoundPlan:
        """The first round's with the ranges of the race."""
        plan = self.rounds[0].plan.to_the_end()
        return replace(plan, space=self.widest_space) if self.all_ranges else plan

    @property
    def widest_space(self) -> SearchSpace:
        """The smallest box that holds the ranges of all rounds."""
        return bounding_space([one.plan.space for one in self.rounds])

    @property
    def spent(self) -> int:
        """Epochs that the student has spent."""
        return sum(int(one.epochs_done.sum()) for one in self.rounds)

    @property
    def budget(self) -> int:
        """Epochs that everybody may spend."""
        return min(self.spent, MAX_NETWORKS * self.plan.epochs)

    @property
    def trials(self) -> int:
        """How many networks can be trained on the budget."""
        return self.budget // self.plan.epochs

    @property
    def side(self) -> int:
        """Trials along each axis of the largest grid that the budget allows."""
        return side_of(self.plan.space, self.trials)

    @cached_property
    def trajectory(self) -> Trajectory:
        """The student's own."""
        return Trajectory.of(self.rounds, self.budget)

    def outside(self) -> int:
        """How many of the student's trials lie outside the ranges of the race."""
        return sum(not self.plan.space.holds(*values) for values in self.trajectory.values.tolist())

    def seed(self, spent: int, run: int) -> int:
        """The seed of a batch that begins when so many epochs are spent. run: 0 for the race, then its repeats"""
        ends = np.cumsum([int(one.epochs_done.sum()) for one in self.rounds])
        own = self.rounds[int(np.searchsorted(ends, spent, side="right"))].plan.seed
        return own if run == 0 else seeds(own, SeedPurpose.RACE)[run - 1]


@dataclass(eq=False)
class Contestant:
    """A search that races against the student: what it has trained, and what it trains next."""

    name: str
    setup: RaceSetup
    run: int
    batches: tuple[RoundHandle, ...] = ()  # the last one may be in training
    complete: bool = False  # whether the budget is spent
    fault: LessonError | None = None  # why it ended early, if it did

    @property
    def goal(self) -> int:
        """Epochs it will have spent in the end."""
        return self.setup.plan.epochs * (len(self.sequence) if self.name == GRID else self.setup.trials)

    @property
    def spent(self) -> int:
        """Epochs spent, those of the batch in training included."""
        return sum(int(one.progress.epochs_done.sum()) for one in self.batches)

    @property
    def rounds(self) -> list[RoundProgress]:
        """The batches that came to their end."""
        return [one.progress for one in self.batches if one.progress.status is Status.FINISHED]

    @property
    def trajectory(self) -> Trajectory:
        """Of the batches that came to their end."""
        return Trajectory.of(self.rounds, self.setup.budget)

    @cached_property
    def sequence(self) -> Values:
        """Trials in their order, as far as they do not depend on results."""
        rng = generator(self.setup.seed(0, self.run), SeedPurpose.RACE, CONTESTANTS.index(self.name))
        if self.name != GRID:
            return at_random(self.setup.plan.space, MAX_NETWORKS, rng)
        points = grid(self.setup.plan.space, self.setup.side)
        return tuple(points[place] for place in rng.permutation(len(points)))

    def propose_batch(self, model_turn: Callable[[], AbstractContextManager[object]]) -> RoundPlan | None:
        """The next batch; None when the budget is spent. model_turn: gives what is held while a model is fitted"""
        rounds, plan = self.rounds, self.setup.plan
        tried = sum(one.plan.trials for one in rounds)
        spent = sum(int(one.epochs_done.sum()) for one in rounds)
        batch = self.sequence[tried : tried + min(BATCH, (self.setup.budget - spent) // plan.epochs)]
        if not batch:
            return None
        data = observations(rounds) if self.name == BAYES else None  # None while there are too few for a model, too
        if data is not None:
            with model_turn():
                batch = propose(data, plan.space, len(batch)).values() or batch  # all has been tried
        return replace(plan, values=batch, trials=len(batch), seed=self.setup.seed(spent, self.run))
