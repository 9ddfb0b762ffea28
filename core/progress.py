"""What can be seen of a round while it runs and when it is over: arrays that nobody changes once they are out.

A trial that is given up ends where it stands: its curve goes no further, whatever a worker may still report of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

import numpy as np

from core.answers import NONE, Answers
from core.plan import RoundPlan
from core.training import Scores, trial_values


class Status(StrEnum):
    """Where a round stands."""

    WAITING = "waiting"  # in the queue
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    STOPPED = "stopped"  # ended early; what was learned stays
    FAILED = "failed"

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self in (Status.FINISHED, Status.STOPPED, Status.FAILED)


@dataclass(frozen=True, eq=False)
class RoundProgress:
    """One version of a round's results; the next version is another object.

    Accuracies lie between 0 and 1, nan where a trial has not come yet, or never will since it was given up.
    """

    plan: RoundPlan
    learning_rate: np.ndarray  # (trials,)
    weight_decay: np.ndarray  # (trials,)
    train_accuracy: np.ndarray  # (trials, epochs) float32
    validation_accuracy: np.ndarray  # (trials, epochs) float32
    epochs_done: np.ndarray  # (trials,)
    diverged: np.ndarray  # (trials,) bool
    given_up: np.ndarray  # (trials,) bool: ended before its last epoch, at a rung, by hand, or never to be begun
    status: Status = Status.WAITING
    version: int = 0
    seconds: float = 0.0  # since the round first ran, pauses left out
    remaining: float | None = None  # seconds, as far as can be said
    position: int = 0  # in the queue, 1 is next
    answers: np.ndarray | None = None  # (trials, test images) uint8, if there were any to classify; see answers.py

    @classmethod
    def of(cls, plan: RoundPlan, trials: Sequence[int] | None = None) -> "RoundProgress":
        """A round of which nothing is known but its plan.

        trials: those that will be trained; the others count as given up before they began. None: all of them
        """
        learning_rate, weight_decay = trial_values(plan)
        empty = np.full((plan.trials, plan.epochs), np.nan, np.float32)
        none = np.zeros(plan.trials, int)
        left_out = np.ones(plan.trials, bool)
        left_out[slice(None) if trials is None else list(trials)] = False
        return cls(plan, learning_rate, weight_decay, empty, empty.copy(), none, none.astype(bool), left_out)

    def with_scores(self, scores: list[Scores]) -> "RoundProgress":
        """The next version: these epochs' scores entered. A diverged trial keeps its last accuracy to the end."""
        train, validation = self.train_accuracy.copy(), self.validation_accuracy.copy()
        done, diverged = self.epochs_done.copy(), self.diverged.copy()
        for epoch in scores:
            if self.given_up[epoch.trials].any():
                epoch = epoch.keep(~self.given_up[epoch.trials])
            train[epoch.trials, epoch.epoch] = epoch.train_accuracy
            validation[epoch.trials, epoch.epoch] = epoch.validation_accuracy
            done[epoch.trials] = np.maximum(done[epoch.trials], epoch.epoch + 1)
            for trial in epoch.trials[epoch.diverged]:
                train[trial, epoch.epoch :] = train[trial, epoch.epoch]
                validation[trial, epoch.epoch :] = validation[trial, epoch.epoch]
                done[trial], diverged[trial] = self.plan.epochs, True
        return replace(
            self,
            train_accuracy=train,
            validation_accuracy=validation,
            epochs_done=done,
            diverged=diverged,
            version=self.version + 1,
        )

    def at_rung(self, rung: int) -> "RoundProgress":
        """The next version: all trials have come to a rung, and those behind the ones that go on are given up.

        The order is that of the validation accuracy at the rung; ties by index, diverged trials last.
        """
        accuracy = self.validation_accuracy[:, self.plan.give_up[rung] - 1]
        order = np.lexsort((np.arange(len(accuracy)), -accuracy, self.diverged, self.given_up))
        return self.without(order[self.plan.survivors()[rung] :])

    def without(self, trials: np.ndarray) -> "RoundProgress":
        """The next version: some trials are given up. Nothing happens to those that have come to their end."""
        given_up = self.given_up.copy()
        given_up[trials] |= self.epochs_done[trials] < self.plan.epochs
        return replace(self, given_up=given_up, version=self.version + 1)

    def with_answers(self, answers: list[Answers]) -> "RoundProgress":
        """The same version with what some trials made of the images to classify."""
        if not answers:
            return self
        images = answers[0].classes.shape[1]
        found = np.full((self.plan.trials, images), NONE, np.uint8) if self.answers is None else self.answers.copy()
        for some in answers:
            found[some.trials] = some.classes
        return replace(self, answers=found)

    @property
    def epochs_saved(self) -> int:
        """Epochs that were not trained since trials had been given up."""
        return int((self.plan.epochs - self.epochs_done[self.given_up]).sum())

    @property
    def started(self) -> bool:
        """Whether any trial has a score."""
        return bool(self.epochs_done.any())

    def epochs_expected(self) -> int:
        """Epochs that all trials together will have trained at the round's end, as far as it can be known.

        A trial that diverges counts as trained to the end, one that is given up as far as it came.
        """
        racing = ~self.given_up & ~self.diverged
        to_come = sum(min(int(racing.sum()), most) * (after - before) for before, after, most in self.plan.stages())
        return int(self.epochs_done[~racing].sum()) + to_come

    @cached_property
    def epochs_left(self) -> int:
        """Those of them that are still to be trained; kept, since every round's end depends on those of all."""
        return self.epochs_expected() - int(self.epochs_done.sum())

    def last_validation(self) -> np.ndarray:
        """Each trial's latest validation accuracy (trials,), nan before its first epoch."""
        return self._last(self.validation_accuracy)

    def last_train(self) -> np.ndarray:
        """Each trial's latest training accuracy (trials,), nan before its first epoch."""
        return self._last(self.train_accuracy)

    def ranking(self) -> np.ndarray:
        """Trials with a score, best first by latest validation accuracy; ties by index, diverged trials last.

        Those that were given up rank behind all that went on, those that came further before the others.
        """
        return self._ranking

    @cached_property
    def _ranking(self) -> np.ndarray:
        last = self.last_validation()
        came = np.where(self.given_up, self.epochs_done, self.plan.epochs)
        order = np.lexsort((np.arange(len(last)), -np.nan_to_num(last), -came, self.diverged))
        return order[self.epochs_done[order] > 0]

    def _last(self, curves: np.ndarray) -> np.ndarray:
        return curves[np.arange(len(curves)), np.maximum(self.epochs_done, 1) - 1].astype(float)


@dataclass(frozen=True, eq=False)
class RoundResult:
    """What a finished round found. Curves are nan behind the epoch after which a trial was given up."""

    plan: RoundPlan
    learning_rate: np.ndarray  # (trials,)
    weight_decay: np.ndarray  # (trials,)
    validation_accuracy: np.ndarray  # (trials, epochs) float32, 0 to 1
    train_accuracy: np.ndarray  # (trials, epochs) float32, 0 to 1
    diverged: np.ndarray  # (trials,) bool
    given_up: np.ndarray  # (trials,) bool

    @classmethod
    def of(cls, progress: RoundProgress) -> "RoundResult":
        """The result that a round's last progress holds."""
        return cls(
            progress.plan,
            progress.learning_rate,
            progress.weight_decay,
            progress.validation_accuracy,
            progress.train_accuracy,
            progress.diverged,
            progress.given_up,
        )
