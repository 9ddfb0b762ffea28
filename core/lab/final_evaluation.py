"""The final test: the chosen value is trained on several seeds and measured on the test images once.

    opening written down -> SEEDS rounds that also classify the opened half of the test images -> Outcome
    on request afterwards: all rounds of the lab trained again, with all test images        -> SelectionByTestSet

Test labels are read here alone, and only after the opening. Results are kept as predicted classes; whether they are
right is looked up in the labels each time.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from core.analysis.chance_limits import Gap, validation_gap
from core.analysis.selection_bias import peeking_losses
from core.analysis.statistics import standard_error
from core.data import test_set
from core.engine.port import Engine
from core.errors import N_, LessonError
from core.lab.seed_repeats import RoundGroup, plans_on_seeds
from core.lab.tested_network import TestedNetwork
from core.plan import CLASSES, RoundPlan
from core.progress import RoundProgress
from core.training.prediction import NO_PREDICTION
from core.training.random_streams import SeedPurpose

MAX_RETRAINED_ROUNDS = 10  # of a lab's finished rounds, the latest
LOOKED = (25, 50, 100, 500)  # test images by which a trial is chosen, besides the opened half
SHOWN_BY, WORTH_SHOWING = 100, 0.01  # images looked at, and the loss from which a lab shows what looking costs


@dataclass(frozen=True, eq=False)
class Outcome:
    """What the chosen value reached on each seed."""

    validation: np.ndarray  # (seeds,) accuracy on each seed's validation images
    classes: np.ndarray  # (seeds, opened test images) uint8, predicted

    def to_json(self) -> str:
        classes = base64.b64encode(self.classes.tobytes()).decode()
        return json.dumps({"validation": [float(one) for one in self.validation], "classes": classes})

    @classmethod
    def from_json(cls, text: str) -> "Outcome":
        """What `to_json` wrote."""
        record = json.loads(text)
        validation = np.array(record["validation"])
        classes = np.frombuffer(base64.b64decode(record["classes"]), np.uint8)
        return cls(validation, classes.reshape(len(validation), -1))


@dataclass(frozen=True, eq=False)
class SelectionByTestSet:
    """All trials of a lab's rounds with their accuracies, as if the test set chose among them; arrays (all trials,)."""

    number: np.ndarray  # of the round
    trial: np.ndarray
    validation: np.ndarray
    opened: np.ndarray  # accuracy on the test images of the opening
    fresh: np.ndarray  # accuracy on the other test images
    looked: np.ndarray = field(
        default_factory=lambda: np.zeros(0, int)
    )  # at how many test images; older ones have none
    losses: np.ndarray = field(default_factory=lambda: np.zeros(0))  # what choosing by as many costs on average

    def to_json(self) -> str:
        names = list(self.__dataclass_fields__)
        return json.dumps({name: getattr(self, name).tolist() for name in (names if len(self.looked) else names[:-2])})

    @classmethod
    def from_json(cls, text: str) -> "SelectionByTestSet":
        """What `to_json` wrote."""
        return cls(**{name: np.array(given) for name, given in json.loads(text).items()})

    def best_by(self, accuracy: np.ndarray) -> int:
        """The index of the trial that some accuracy would choose. accuracy: (all trials,)"""
        return int(np.argmax(accuracy))

    @property
    def mean_loss(self) -> float:
        """What choosing by one half of the test images costs: the mean over many halves, else over both as they are."""
        if len(self.losses):
            return float(self.losses[-1])
        first, second = self.best_by(self.opened), self.best_by(self.fresh)
        loss = self.opened[first] - self.fresh[first] + self.fresh[second] - self.opened[second]
        return float(loss) / 2

    @property
    def shows_loss(self) -> bool:
        """Whether the loss is large enough to be seen in this lab."""
        return (
            float(self.losses[self.looked == SHOWN_BY].sum() if len(self.losses) else self.mean_loss) >= WORTH_SHOWING
        )


@dataclass(eq=False)
class FinalTest:
    """An opened test set. Test labels are read by its methods alone."""

    opened: float  # seconds since 1970
    plan: RoundPlan  # of the chosen value alone; the seeds it is trained on are derived from its seed
    outcome: Outcome | None = None
    selection: SelectionByTestSet | None = None
    tested: TestedNetwork | None = None  # on request; not written down
    changed: Callable[[], None] = lambda: None  # called when outcome or selection has come
    _seed_rounds: RoundGroup | None = field(default=None, repr=False)
    _selection_rounds: RoundGroup | None = field(default=None, repr=False)
    _numbers: list[int] = field(default_factory=list, repr=False)  # of the rounds in _selection_rounds

    def check(self) -> None:
        """Raise DatasetError if the test images are not there; no label is read."""
        test_set.images(self.plan.dataset, self.plan.image_order)

    def resume(self, engine: Engine, owner: str) -> None:
        """Train the chosen value, unless that is done or under way. Raises LessonError when it cannot be begun."""
        if self.outcome is not None or (self._seed_rounds is not None and not self._seed_rounds.is_done):
            return
        assert self.plan.values is not None
        unseen = test_set.images(self.plan.dataset, self.plan.image_order)[test_set.opened_part(self.plan.dataset)]
        plans = plans_on_seeds(self.plan, self.plan.values, SeedPurpose.FINAL_TEST)
        self._seed_rounds = RoundGroup(engine, owner, "final", [(plan, unseen) for plan in plans], self._record_outcome)

    def select_by_test_set(self, engine: Engine, owner: str, rounds: list[tuple[int, RoundPlan]]) -> None:
        """Train rounds again and measure every trial on the test set. rounds: (number, plan)  Raises LessonError."""
        if self.outcome is None or self.selection is not None or not rounds:
            return
        if self._selection_rounds is not None and not self._selection_rounds.is_done:
            return
        unseen = test_set.images(self.plan.dataset, self.plan.image_order)
        on_dataset = [one for one in rounds if _images_used(one[1]) == _images_used(self.plan)]
        numbered = on_dataset[-MAX_RETRAINED_ROUNDS:]
        if not numbered:
            raise LessonError(N_("No finished round of this lab has the data set that was tested."))
        self._numbers = [number for number, _ in numbered]
        group: list[tuple[RoundPlan, np.ndarray | None]] = [(plan, unseen) for _, plan in numbered]
        self._selection_rounds = RoundGroup(engine, owner, "test-set-selection", group, self._record_selection)

    def stop(self) -> None:
        """End what is being trained for it; nothing of that is entered."""
        for rounds in (self._seed_rounds, self._selection_rounds, self.tested):
            if rounds is not None:
                rounds.stop()

    @property
    def share(self) -> float | None:
        """How much of the training under way is done, 0 to 1; None when there is none."""
        for rounds in (self._seed_rounds, self._selection_rounds, self.tested):
            if rounds is not None and not rounds.is_done:
                return rounds.share
        return None

    def right(self) -> np.ndarray:
        """Whether each seed's network was right on each opened image, (seeds, images) bool."""
        assert self.outcome is not None
        return np.asarray(self.outcome.classes == self.labels())

    def labels(self) -> np.ndarray:
        """The labels of the opened images."""
        return _labels(self.plan.dataset, self.plan.image_order)[test_set.opened_part(self.plan.dataset)]

    def images(self) -> np.ndarray:
        """The opened images, (images, pixels) uint8."""
        return _images(self.plan.dataset, self.plan.image_order)[test_set.opened_part(self.plan.dataset)]

    def accuracy(self) -> np.ndarray:
        """Test accuracy of each seed, (seeds,)."""
        return np.asarray(self.right().mean(axis=1))

    def confusion(self) -> np.ndarray:
        """How often a digit (row) was taken for a digit (column), over all seeds: (10, 10) int.

        A network that diverged counts for nothing.
        """
        assert self.outcome is not None
        pairs = self.labels().astype(int) * CLASSES + self.outcome.classes
        seen = pairs[self.outcome.classes != NO_PREDICTION]
        return np.bincount(seen, minlength=CLASSES * CLASSES).reshape(CLASSES, CLASSES)

    def diverged(self) -> int:
        """How many of the networks diverged."""
        assert self.outcome is not None
        return int((self.outcome.classes == NO_PREDICTION).all(axis=1).sum())

    def validation_gap(self) -> Gap:
        """How much better the networks are on their validation images than on the test images, and what is chance."""
        assert self.outcome is not None
        return validation_gap(self.outcome.validation, self.right(), self.plan.validation_images(), self.plan.images)

    def standard_error(self) -> float:
        """Standard error of one seed's test accuracy, from the number of images alone."""
        return standard_error(float(self.accuracy().mean()), len(self.labels()))

    def _record_outcome(self, rounds: RoundGroup) -> None:
        """Enter what the chosen value reached."""
        if rounds.finished:
            progress = [handle.progress for handle in rounds.handles]
            validation = np.array([float(one.last_validation()[0]) for one in progress])
            part = test_set.opened_part(self.plan.dataset)
            classes = [_predictions(one, part.stop - part.start)[0] for one in progress]
            self.outcome, self._seed_rounds = Outcome(validation, np.stack(classes)), None
            self.changed()

    def _record_selection(self, rounds: RoundGroup) -> None:
        """Enter what all trials reached."""
        if not rounds.finished:
            return
        truth = _labels(self.plan.dataset, self.plan.image_order)
        parts = test_set.opened_part(self.plan.dataset), test_set.unopened_part(self.plan.dataset)
        columns: list[tuple[np.ndarray, ...]] = []
        rights = []
        for number, handle in zip(self._numbers, rounds.handles, strict=True):
            progress = handle.progress
            trials = progress.plan.trials
            correct = _predictions(progress, len(truth)) == truth
            tested = [correct[:, part].mean(axis=1) for part in parts]
            columns.append((np.full(trials, number), np.arange(trials), progress.last_validation(), *tested))
            rights.append(correct)
        half = parts[0].stop
        looked = [count for count in LOOKED if count < half] + [half]
        losses = peeking_losses(np.concatenate(rights), looked)
        found = (np.concatenate(column) for column in zip(*columns, strict=True))
        self.selection = SelectionByTestSet(*(*found, np.array(looked), losses))
        self.changed()


def _images_used(plan: RoundPlan) -> tuple[str, int]:
    return plan.dataset, plan.image_order


def _predictions(progress: RoundProgress, images: int) -> np.ndarray:
    """The classes that a round's trials predicted, (trials, images); NO_PREDICTION for those that diverged."""
    if progress.predictions is None:
        return np.full((progress.plan.trials, images), NO_PREDICTION, np.uint8)
    return progress.predictions


@lru_cache(maxsize=2)
def _labels(name: str, order: int) -> np.ndarray:
    return test_set.labels(name, order)


@lru_cache(maxsize=2)
def _images(name: str, order: int) -> np.ndarray:
    return test_set.images(name, order)
