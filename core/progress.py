"""What can be seen of a round while it runs and when it has ended: arrays that are never changed once published.

The curve of a trial that is given up ends there, whatever a worker may still report of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from core.plan import RoundPlan
from core.space import AXES
from core.training.parameters import Parameters
from core.training.prediction import NO_PREDICTION, Predictions
from core.training.stacks import Scores
from core.training.trial_values import Hyperparameters, hyperparameters

if TYPE_CHECKING:
    import pandas


class Status(StrEnum):
    """The state of a round."""

    WAITING = "waiting"  # in the queue
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    STOPPED = "stopped"  # ended early; what was learned stays
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        """Whether nothing more will come."""
        return self in (Status.FINISHED, Status.STOPPED, Status.FAILED)


@dataclass(frozen=True, eq=False)
class RoundProgress:
    """One version of a round's results; the next version is another object, the last one is the round's result.

    Accuracies lie between 0 and 1; nan for epochs that a trial has not been trained yet, or never will be since it was
    given up.
    """

    plan: RoundPlan
    hyperparameters: Hyperparameters  # (trials,) of every axis, also of those that the round does not search
    train_accuracy: np.ndarray  # (trials, epochs) float32
    validation_accuracy: np.ndarray  # (trials, epochs) float32
    epochs_done: np.ndarray  # (trials,)
    diverged: np.ndarray  # (trials,) bool
    given_up: np.ndarray  # (trials,) bool: ended before the last epoch, at a rung or by hand, or never to be begun
    status: Status = Status.WAITING
    version: int = 0  # counts up
    seconds: float = 0.0  # that the round has run, pauses left out
    remaining: float | None = None  # seconds to the end; None: not known
    position: int = 0  # in the queue, 1 is next
    predictions: np.ndarray | None = (
        None  # (trials, images) uint8 classes or NO_PREDICTION, if there were any to classify
    )
    network: Parameters | None = None  # what classified them, of a round that has one trial alone

    @classmethod
    def of(cls, plan: RoundPlan, trials: Sequence[int] | None = None) -> "RoundProgress":
        """A round that has not begun.

        trials: those that will be trained; the others count as given up before they began. None: all of them
        """
        empty = np.full((plan.trials, plan.epochs), np.nan, np.float32)
        none = np.zeros(plan.trials, int)
        left_out = np.ones(plan.trials, bool)
        left_out[slice(None) if trials is None else list(trials)] = False
        return cls(plan, hyperparameters(plan), empty, empty.copy(), none, none.astype(bool), left_out)

    @property
    def learning_rate(self) -> np.ndarray:
        """(trials,)"""
        return self.hyperparameters["learning_rate"]

    @property
    def weight_decay(self) -> np.ndarray:
        """(trials,)"""
        return self.hyperparameters["weight_decay"]

    def places(self, axes: Sequence[str] | None = None) -> np.ndarray:
        """The trials' places on the scales of some axes, (trials, axes); None: those that the round searches."""
        chosen = self.plan.space.axes if axes is None else axes
        return np.column_stack([AXES[axis].places(self.hyperparameters[axis]) for axis in chosen])

    def values(self, trial: int) -> tuple[float | int, ...]:
        """A trial's value of each axis that the round searches, in order, as a plan takes them."""
        return tuple(self.hyperparameters[axis][trial].item() for axis in self.plan.space.axes)

    def with_scores(self, scores: list[Scores]) -> "RoundProgress":
        """The next version: these epochs' scores entered. A diverged trial keeps its last accuracy to the end."""
        train, validation = self.train_accuracy.copy(), self.validation_accuracy.copy()
        done, diverged = self.epochs_done.copy(), self.diverged.copy()
        for epoch in scores:
            if self.given_up[epoch.trials].any():
                epoch = epoch.select(~self.given_up[epoch.trials])
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

    def with_rung(self, rung: int) -> "RoundProgress":
        """The next version: all trials have come to a rung (0 for the first), and those that do not go on are given up.

        The order is that of the validation accuracy at the rung; ties by index, diverged trials last.
        """
        accuracy = self.validation_accuracy[:, self.plan.give_up[rung] - 1]
        order = np.lexsort((np.arange(len(accuracy)), -accuracy, self.diverged, self.given_up))
        return self.with_given_up(order[self.plan.survivors()[rung] :])

    def with_given_up(self, trials: np.ndarray) -> "RoundProgress":
        """The next version: some trials are given up. Nothing happens to those that have come to their end."""
        given_up = self.given_up.copy()
        given_up[trials] |= self.epochs_done[trials] < self.plan.epochs
        return replace(self, given_up=given_up, version=self.version + 1)

    def with_predictions(self, predictions: list[Predictions]) -> "RoundProgress":
        """The same version with the classes that some trials predict."""
        if not predictions:
            return self
        if self.predictions is None:
            images = predictions[0].classes.shape[1]
            entered = np.full((self.plan.trials, images), NO_PREDICTION, np.uint8)
        else:
            entered = self.predictions.copy()
        for some in predictions:
            entered[some.trials] = some.classes
        return replace(self, predictions=entered, network=predictions[0].network)

    @property
    def epochs_saved(self) -> int:
        """Epochs that were not trained since trials had been given up."""
        return int((self.plan.epochs - self.epochs_done[self.given_up]).sum())

    @property
    def started(self) -> bool:
        """Whether any trial has a score."""
        return bool(self.epochs_done.any())

    def epochs_expected(self) -> int:
        """Epochs that all trials together will have been trained at the round's end, as far as it is known now.

        A trial that diverges counts as trained to the end, one that is given up as far as it came.
        """
        ended = self.given_up | self.diverged
        trained = int((~ended).sum())
        to_come = sum(min(trained, most) * (after - before) for before, after, most in self.plan.stages())
        return int(self.epochs_done[ended].sum()) + to_come

    @cached_property
    def epochs_left(self) -> int:
        """Those of them still to be trained. Cached: the remaining time of every round depends on those of all."""
        return self.epochs_expected() - int(self.epochs_done.sum())

    @cached_property
    def epochs_measured(self) -> np.ndarray:
        """Epochs after which each trial has a score of its own (trials,): not those after it diverged.

        The scores of a diverged trial stay the same from the epoch on in which it did.
        """
        measured = self.epochs_done.copy()
        if self.diverged.any():
            train, validation = self.train_accuracy[self.diverged], self.validation_accuracy[self.diverged]
            moves = (train[:, 1:] != train[:, :-1]) | (validation[:, 1:] != validation[:, :-1])
            measured[self.diverged] = self.plan.epochs - np.insert(moves, 0, True, axis=1)[:, ::-1].argmax(axis=1)
        return measured

    def last_validation(self) -> np.ndarray:
        """Each trial's latest validation accuracy (trials,), nan before its first epoch."""
        return self._last(self.validation_accuracy)

    def last_train(self) -> np.ndarray:
        """Each trial's latest training accuracy (trials,), nan before its first epoch."""
        return self._last(self.train_accuracy)

    def ranking(self) -> np.ndarray:
        """Trials with a score, best first by latest validation accuracy; ties by index, diverged trials last.

        Those that were given up rank behind all that went on, those that were trained for longer before the others.
        """
        return self._ranking

    @cached_property
    def _ranking(self) -> np.ndarray:
        last = self.last_validation()
        trained = np.where(self.given_up, self.epochs_done, self.plan.epochs)
        order = np.lexsort((np.arange(len(last)), -last, -trained, self.diverged))
        return order[self.epochs_done[order] > 0]

    def summary(self, best: int = 5) -> str:
        """The round and its best trials in lines of text, for a script or notebook."""
        plan, validation, train = self.plan, self.last_validation(), self.last_train()
        lines = [
            f"{plan.trials} trials of {plan.epochs} epochs on {plan.dataset}, seed {plan.seed}: "
            f"{self.status} after {self.seconds:.1f} s, {int(self.diverged.sum())} diverged"
        ]
        for rank, trial in enumerate(self.ranking()[:best], 1):
            lines.append(
                f"Best-{rank}  validation {validation[trial]:.3f}  training {train[trial]:.3f}  "
                f"learning rate {self.learning_rate[trial]:.3g}  weight decay {self.weight_decay[trial]:.3g}"
            )
        return "\n".join(lines)

    def to_frame(self) -> "pandas.DataFrame":
        """One row a trial, the best first and those without a score last; accuracies are the latest, 0 to 1.

        Columns: trial, learning_rate, weight_decay, what else the round searched, validation_accuracy, train_accuracy,
        epochs_done, diverged, given_up.
        """
        import pandas as pd  # here alone: workers do without

        rest = np.setdiff1d(np.arange(self.plan.trials), self.ranking())
        order = np.concatenate([self.ranking(), rest])
        missing = self.epochs_done == 0
        columns = {
            "trial": np.arange(self.plan.trials),
            "learning_rate": self.learning_rate,
            "weight_decay": self.weight_decay,
            **{axis: self.hyperparameters[axis] for axis in self.plan.space.axes},
            "validation_accuracy": np.where(missing, np.nan, self.last_validation()),
            "train_accuracy": np.where(missing, np.nan, self.last_train()),
            "epochs_done": self.epochs_done,
            "diverged": self.diverged,
            "given_up": self.given_up,
        }
        return pd.DataFrame({name: column[order] for name, column in columns.items()})

    def _last(self, curves: np.ndarray) -> np.ndarray:
        return curves[np.arange(len(curves)), np.maximum(self.epochs_done, 1) - 1].astype(float)
