"""What can be seen of a round while it runs and when it is over: arrays that nobody changes once they are out."""

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

    Accuracies lie between 0 and 1, nan where a trial has not come yet.
    """

    plan: RoundPlan
    learning_rate: np.ndarray  # (trials,)
    weight_decay: np.ndarray  # (trials,)
    train_accuracy: np.ndarray  # (trials, epochs) float32
    validation_accuracy: np.ndarray  # (trials, epochs) float32
    epochs_done: np.ndarray  # (trials,)
    diverged: np.ndarray  # (trials,) bool
    status: Status = Status.WAITING
    version: int = 0
    seconds: float = 0.0  # since the round first ran, pauses left out
    remaining: float | None = None  # seconds, as far as can be said
    position: int = 0  # in the queue, 1 is next
    answers: np.ndarray | None = None  # (trials, test images) uint8, if there were any to classify; see answers.py

    @classmethod
    def of(cls, plan: RoundPlan) -> "RoundProgress":
        """A round of which nothing is known but its plan."""
        learning_rate, weight_decay = trial_values(plan)
        empty = np.full((plan.trials, plan.epochs), np.nan, np.float32)
        none = np.zeros(plan.trials, int)
        return cls(plan, learning_rate, weight_decay, empty, empty.copy(), none, none.astype(bool))

    def with_scores(self, scores: list[Scores]) -> "RoundProgress":
        """The next version: these epochs' scores entered. A diverged trial keeps its last accuracy to the end."""
        train, validation = self.train_accuracy.copy(), self.validation_accuracy.copy()
        done, diverged = self.epochs_done.copy(), self.diverged.copy()
        for epoch in scores:
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
    def started(self) -> bool:
        """Whether any trial has a score."""
        return bool(self.epochs_done.any())

    def last_validation(self) -> np.ndarray:
        """Each trial's latest validation accuracy (trials,), nan before its first epoch."""
        return self._last(self.validation_accuracy)

    def last_train(self) -> np.ndarray:
        """Each trial's latest training accuracy (trials,), nan before its first epoch."""
        return self._last(self.train_accuracy)

    def ranking(self) -> np.ndarray:
        """Trials with a score, best first by latest validation accuracy; ties by index, diverged trials last."""
        return self._ranking

    @cached_property
    def _ranking(self) -> np.ndarray:
        last = self.last_validation()
        order = np.lexsort((np.arange(len(last)), -np.nan_to_num(last), self.diverged))
        return order[self.epochs_done[order] > 0]

    def _last(self, curves: np.ndarray) -> np.ndarray:
        return curves[np.arange(len(curves)), np.maximum(self.epochs_done, 1) - 1].astype(float)


@dataclass(frozen=True, eq=False)
class RoundResult:
    """What a finished round found."""

    plan: RoundPlan
    learning_rate: np.ndarray  # (trials,)
    weight_decay: np.ndarray  # (trials,)
    validation_accuracy: np.ndarray  # (trials, epochs) float32, 0 to 1
    train_accuracy: np.ndarray  # (trials, epochs) float32, 0 to 1
    diverged: np.ndarray  # (trials,) bool

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
        )
